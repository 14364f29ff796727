"""Rhythms inside and among cells: calcium, division, daylight, sugar and tumours."""

from inscape.systems.flow import Flow
from inscape.systems.symbols import cos, pi


def _hill(u, threshold, order):
    return u**order / (threshold**order + u**order)


def _calcium(z, y, a, K2, K5, Ka, Kd, Ky, Kz, V0, V1, V4, Vm2, Vm3, Vm5, beta, eps, k, kf, m, n, p):
    pumped = Vm2 * _hill(z, K2, 2)
    released = Vm3 * _hill(a, Ka, 4) * _hill(y, Ky, 2) * _hill(z, Kz, m)
    return (
        V0 + V1 * beta - pumped + released + kf * y - k * z,
        pumped - released - kf * y,
        beta * V4 - Vm5 * _hill(a, K5, p) * _hill(z, Kd, n) - eps * a,
    )


@Flow
def CaTwoPlus(
    z,
    y,
    a,
    *,
    K2=0.1,
    K5=0.3194,
    Ka=0.1,
    Kd=1.0,
    Ky=0.3,
    Kz=0.6,
    V0=2.0,
    V1=2.0,
    V4=3.0,
    Vm2=6.0,
    Vm3=30.0,
    Vm5=50.0,
    beta=0.65,
    eps=13.0,
    k=10.0,
    kf=1.0,
    m=2.0,
    n=4.0,
    p=1.0,
):
    """Calcium in the cytosol and in its store, with the messenger that opens the store."""
    return _calcium(z, y, a, K2, K5, Ka, Kd, Ky, Kz, V0, V1, V4, Vm2, Vm3, Vm5, beta, eps, k, kf, m, n, p)


@Flow
def CaTwoPlusQuasiperiodic(
    z,
    y,
    a,
    *,
    K2=0.1,
    K5=0.3,
    Ka=0.2,
    Kd=0.5,
    Ky=0.2,
    Kz=0.5,
    V0=2.0,
    V1=2.0,
    V4=5.0,
    Vm2=6.0,
    Vm3=20.0,
    Vm5=30.0,
    beta=0.51,
    eps=0.1,
    k=10.0,
    kf=1.0,
    m=2.0,
    n=4.0,
    p=2.0,
):
    """The calcium model where two rhythms beat against each other without locking."""
    return _calcium(z, y, a, K2, K5, Ka, Kd, Ky, Kz, V0, V1, V4, Vm2, Vm3, Vm5, beta, eps, k, kf, m, n, p)


@Flow
def CellCycle(
    c1,
    m1,
    x1,
    c2,
    m2,
    x2,
    *,
    K=0.01,
    Kc=0.5,
    Kd1=0.02,
    Kim=0.65,
    V2=0.15,
    V4=0.05,
    Vm1=0.3,
    Vm3=0.1,
    kd1=0.001,
    vd=0.025,
    vi=0.05,
):
    """Two oscillators of the cell's division, each of which inhibits the other: cyclin, kinase and protease of both."""

    def oscillator(c, m, x, inhibitor):
        return (
            vi * Kim / (Kim + inhibitor) - vd * x * c / (Kd1 + c) - kd1 * c,
            Vm1 * c / (Kc + c) * (1 - m) / (K + 1 - m) - V2 * m / (K + m),
            Vm3 * m * (1 - x) / (K + 1 - x) - V4 * x / (K + x),
        )

    return *oscillator(c1, m1, x1, m2), *oscillator(c2, m2, x2, m1)


@Flow
def CircadianRhythm(
    m,
    fc,
    fs,
    fn,
    th,
    *,
    Ki=1.0,
    k=0.5,
    k1=0.3,
    k2=0.15,
    kd=1.4,
    kdn=0.4,
    km=0.4,
    ks=1.0,
    n=4.0,
    ps=24.0,
    vc=2.5,
    vd=6.0,
    vdn=1.5,
    vm=0.7,
    vmax=4.7,
    vmin=1.0,
):
    """A clock gene and its protein in and out of the nucleus, under light and dark of phase th."""
    light = vmin + (1 + cos(th)) / 2
    return (
        (vmax - vmin) * vc * light * Ki**n / (Ki**n + fn**n) - vm * m / (km + m),
        ks * m - k1 * fc + k2 * fn - k * fc,
        k * fc - vd * fs / (kd + fs),
        k1 * fc - k2 * fn - vdn * fn / (kdn + fn),
        2 * pi / ps,
    )


@Flow
def GlycolyticOscillation(
    a, b, c, *, d=0.0, k=4.422, l1=5e8, l2=100.0, nu=1.0, q1=50.0, q2=0.02, s1=22.2222, s2=22.2222
):
    """Two enzymes in series, each switched on by its own product: substrate and the two products."""
    first = s1 * a * (1 + a) * (1 + b) ** 2 / (l1 + (1 + a) ** 2 * (1 + b) ** 2)
    second = s2 * b * (1 + d * b) * (1 + c) ** 2 / (l2 + (1 + d * b) ** 2 * (1 + c) ** 2)
    return nu - first, q1 * first - second, q2 * second - k * c


@Flow
def ItikBanksTumor(x, y, z, *, a12=1.0, a13=2.5, a21=1.5, a31=0.2, d3=0.5, k3=1.0, r2=0.6, r3=4.5):
    """Tumour cells, healthy cells and the immune cells that hunt the tumour."""
    return (
        x * (1 - x) - a12 * x * y - a13 * x * z,
        r2 * y * (1 - y) - a21 * x * y,
        r3 * x * z / (x + k3) - a31 * x * z - d3 * z,
    )
