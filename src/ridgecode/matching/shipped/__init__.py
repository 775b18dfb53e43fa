"""The matchers that come with ridgecode: their names, files, cards, and what a matcher's name or file stands for."""
