"""Quadratic flows built to draw several scrolls or wings."""

from inscape.systems.flow import Flow


def _three_scrolls(x, y, z, a, c, d, eps, f, k):
    return a * (y - x) + d * x * z, k * x + f * y - x * z, c * z + x * y - eps * x**2


@Flow
def DequanLi(x, y, z, *, a=40.0, c=1.833, d=0.16, eps=0.65, f=20.0, k=55.0):
    """Three scrolls about one axis, from a quadratic flow of Lorenz's kind."""
    return _three_scrolls(x, y, z, a, c, d, eps, f, k)


@Flow
def Tsucs2(x, y, z, *, a=40.0, c=0.833, d=0.5, eps=0.65, f=20.0, k=0.0):
    """The second form of the unified three-scroll system."""
    return _three_scrolls(x, y, z, a, c, d, eps, f, k)


@Flow
def PanXuZhou(x, y, z, *, a=10.0, c=-2.6667, d=0.0, eps=0.0, f=0.0, k=16.0):
    """The three-scroll family reduced to Lorenz's flow without damping in its second equation."""
    return _three_scrolls(x, y, z, a, c, d, eps, f, k)


def _four_wings(x, y, z, a, b, c, h, p, q, r, s):
    return a * x + h * y + s * y * z, -b * y - p * x + q * x * z, c * z - r * x * y


@Flow
def Sakarya(x, y, z, *, a=-1.0, b=1.0, c=1.0, h=1.0, p=1.0, q=0.4, r=0.3, s=1.0):
    """Two attractors side by side that merge into one."""
    return _four_wings(x, y, z, a, b, c, h, p, q, r, s)


@Flow
def LiuChen(x, y, z, *, a=0.4, b=12.0, c=-5.0, h=0.0, p=0.0, q=-1.0, r=1.0, s=1.0):
    """One product in each equation and no other coupling: four wings for a range of parameters."""
    return _four_wings(x, y, z, a, b, c, h, p, q, r, s)


@Flow
def WangSun(x, y, z, *, a=0.2, b=-0.01, d=-0.4, e=-1.0, f=-1.0, q=1.0):
    """Four wings from one product in each equation."""
    return a * x + q * y * z, b * x + d * y - x * z, e * z + f * x * y


@Flow
def Dadras(x, y, z, *, c=2.0, e=9.0, o=2.7, p=3.0, r=1.7):
    """A quadratic flow with two, three or four scrolls by its parameters."""
    return y - p * x + o * y * z, r * y - x * z + z, c * x * y - e * z


@Flow
def Qi(x, y, z, w, *, a=45.0, b=10.0, c=1.0, d=10.0):
    """Four variables, each driven by the product of the other three: a broad power spectrum."""
    return a * (y - x) + y * z * w, b * (x + y) - x * z * w, -c * z + x * y * w, -d * w + x * y * z


@Flow
def Laser(x, y, z, *, a=10.0, b=1.0, c=5.0, d=-1.0, h=-5.0, k=-6.0):
    """A Lorenz-like flow with cubic coupling, proposed for a semiconductor laser."""
    return a * (y - x) + b * y * z**2, c * x + d * x * z**2, h * z + k * x**2
