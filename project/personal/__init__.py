"""What a person may ask of us about themselves: a copy of everything that is theirs, and to be forgotten."""
