"""Trainings of study 12's networks, one file each: weights, CPU seconds, history of the loss.

Made by `python -m inscape.studies.battery.networks --seconds 180`, which takes up what it finds here.
"""
