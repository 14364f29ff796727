"""Nerve cells and networks of them."""

import numpy as np

from inscape.systems.flow import Flow
from inscape.systems.symbols import exp, sigmoid, sin, tanh


@Flow
def BeerRNN(
    x1,
    x2,
    x3,
    *,
    tau=(1.0, 2.5, 1.0),
    theta=(-4.108, -2.787, -1.114),
    w=((5.422, -0.018, 2.75), (-0.24, 4.59, 1.21), (0.535, -2.25, 3.885)),
):
    """Three fully connected model neurons in continuous time."""
    x = np.array([x1, x2, x3])
    firing = np.array([sigmoid(u) for u in x + theta])
    return (w @ firing - x) / tau


@Flow
def Hopfield(
    x1,
    x2,
    x3,
    x4,
    x5,
    x6,
    *,
    beta=0.5,
    eps=10.0,
    k=(
        (0, -1, 0, 0, -1, -1),
        (0, 0, 0, -1, -1, -1),
        (-1, -1, 0, 0, -1, 0),
        (-1, -1, -1, 0, 0, 0),
        (-1, -1, 0, -1, 0, 0),
        (0, -1, -1, -1, 0, 0),
    ),
    tau=2.5,
):
    """Six neurons that inhibit one another around frustrated loops."""
    x = np.array([x1, x2, x3, x4, x5, x6])
    firing = np.array([(1 + tanh(eps * drive)) / 2 for drive in k @ x])
    return -x / tau + firing - beta


def _opening(v, offset, slope, threshold):
    """A gate's opening rate (offset + v) / (1 - exp(-u)) with u = slope v + threshold, without its 0 / 0 at u = 0.

    As published, offset = threshold / slope, and the rate is (x + x coth x) / slope with x = u / 2. Lambert's continued
    fraction x coth x = 1 + x^2 / (3 + x^2 / (5 + ...)) has no pole on the real line; sixteen levels are exact to double
    precision for |u| < 12. The plain quotient loses its digits whenever the membrane passes u = 0, once a spike.
    """
    u = slope * v + threshold
    x = u / 2
    x_coth_x = 33
    for odd in range(31, 0, -2):
        x_coth_x = odd + x**2 / x_coth_x
    return (x + x_coth_x) / slope + (offset - threshold / slope) / (1 - exp(-u))


@Flow
def ExcitableCell(
    v,
    n,
    c,
    *,
    aho=2.5,
    ahr=0.05,
    ahs=0.07,
    ams=0.1,
    amvb=25.0,
    amvo=2.5,
    ans=0.01,
    anvb=20.0,
    anvo=2.0,
    ar=0.1,
    bho=2.0,
    bhr=0.1,
    bmo=2.7777777777777777,
    bmr=0.05555555555555555,
    bms=4.0,
    bno=0.375,
    bnr=0.0125,
    bns=0.125,
    gi=1800.0,
    gkc=11.0,
    gkv=1700.0,
    gl=7.0,
    kc=0.183333,
    rho=0.27,
    tscl=230.0,
    vc=100.0,
    vi=100.0,
    vk=-75.0,
    vl=-40.0,
    vm=-50.0,
    vn=-30.0,
):
    """Chay's membrane: voltage, potassium gate and calcium of a cell that spikes in bursts."""
    alpha_m = ams * _opening(v, amvb, ar, amvo)
    beta_m = bms * exp(-bmr * v - bmo)
    alpha_h = ahs * exp(-ahr * v - aho)
    beta_h = 1 / (1 + exp(-bhr * v - bho))
    alpha_n = ans * _opening(v, anvb, ar, anvo)
    beta_n = bns * exp(-bnr * v - bno)
    m, h, n_rest = (alpha / (alpha + beta) for alpha, beta in ((alpha_m, beta_m), (alpha_h, beta_h), (alpha_n, beta_n)))
    mixed = m**3 * h
    return (
        gi * mixed * (vi - v) + gkv * n**4 * (vk - v) + gkc * c / (1 + c) * (vk - v) + gl * (vl - v),
        tscl * (alpha_n + beta_n) * (n_rest - n),
        rho * (mixed * (vc - v) - kc * c),
    )


@Flow
def ForcedFitzHughNagumo(v, w, z, *, a=0.7, b=0.8, curr=0.965, f=0.4008225, gamma=0.08, omega=0.043650793650793655):
    """A nerve membrane in two variables under an alternating current of phase z."""
    return v - v**3 / 3 - w + curr + f * sin(z), gamma * (v + a - b * w), omega


@Flow
def HindmarshRose(x, y, z, *, a=0.49, b=1.0, c=0.0322, d=1.0, s=1.0, tx=0.03, tz=0.8):
    """A relative of the Hindmarsh-Rose neuron with two time scales, in Marhl and Perc's form as published."""
    return -x + (y - a * x**3 + b * x**2 + z) / tx, -a * x**3 - (d - b) * x**2 + z, (c - s * x - z) / tz
