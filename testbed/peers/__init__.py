"""Other backup programs, to compare with and to judge our repositories."""
