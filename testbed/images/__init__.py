"""Container images made of Debian packages and files, without a container engine."""
