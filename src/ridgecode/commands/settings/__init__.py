"""The settings of the verbs: flat frozen dataclasses, each of which is a command line."""
