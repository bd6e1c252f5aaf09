"""Running a command as if nobody watched."""
