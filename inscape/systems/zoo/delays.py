"""Scalar laws with one delayed feedback."""

from inscape.systems.delay_flow import DelayFlow
from inscape.systems.symbols import delayed, sin, tanh


@DelayFlow
def MackeyGlass(x, *, beta=0.2, gamma=0.1, n=10.0, tau=16.0):
    """Blood cells whose production answers their density of some time ago."""
    past = delayed(x, tau)
    return beta * past / (1 + past**n) - gamma * x


def _sine_feedback(x, c, mu, x0, tau):
    return mu * sin(delayed(x, tau) - x0) - c * x


@DelayFlow
def IkedaDelay(x, *, c=1.0, mu=-20.0, tau=2.0, x0=0.0):
    """Light that returns to a nonlinear cavity after a round trip."""
    return _sine_feedback(x, c, mu, x0, tau)


@DelayFlow
def SprottDelay(x, *, c=0.0, mu=1.0, tau=5.1, x0=0.0):
    """The simplest delay law with chaos: the sine of the past, without damping."""
    return _sine_feedback(x, c, mu, x0, tau)


@DelayFlow
def VossDelay(x, *, alpha=3.24, tau=13.28):
    """An electronic circuit with a delay line and a cubic feedback."""
    past = delayed(x, tau)
    return -alpha * x - 10.44 * past**3 - 13.95 * past**2 - 3.63 * past + 0.85


@DelayFlow
def ScrollDelay(x, *, alpha=0.2, beta=0.2, tau=10.0):
    """A delay line with a saturating feedback, which draws two scrolls."""
    past = delayed(x, tau)
    return beta * tanh(10 * past) - alpha * past


@DelayFlow
def PiecewiseCircuit(x, *, alpha=1.0, beta=1.0, c=2.24, tau=4.9):
    """A delay line with a cubic feedback of bounded range, which draws two scrolls."""
    past = delayed(x, tau)
    return beta * (3 * past / c - (past / c) ** 3) - alpha * past
