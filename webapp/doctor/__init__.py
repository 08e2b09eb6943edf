"""The doctor: looks at an installation and says, a sentence each, what is well, what is wrong and how to cure it."""
