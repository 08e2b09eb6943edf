"""Mails: documents written in the same transaction as their cause, sent by whichever worker claims them."""
