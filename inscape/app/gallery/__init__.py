"""The web gallery: the zoo, the papers, the runs and the main job, in a browser and without a network."""
