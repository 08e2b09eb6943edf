"""A ticket as its holder sees it: its page, on paper, and in mails."""
