"""What tests of several rooms share: run folders made up in a moment, and processes that are killed."""
