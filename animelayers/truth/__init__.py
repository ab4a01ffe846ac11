"""Truth: shots composed from parts, so that every layer of theirs is known exactly."""
