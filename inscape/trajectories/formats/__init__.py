"""File formats of trajectories, one a file; `inscape.trajectories.read` and `write` choose among them."""
