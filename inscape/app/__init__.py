"""What a user meets: the command line, the main job, its report, and what is kept on disk."""
