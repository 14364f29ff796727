"""The reading list: a card for each paper with its claims, search by words and meaning, feed, digest, exports."""
