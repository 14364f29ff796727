"""One file a page: each holds a `router` that the server takes in."""
