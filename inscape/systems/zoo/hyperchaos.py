"""Four variables and, in the right range, two growing directions."""

from inscape.systems.flow import Flow


@Flow
def HyperRossler(x, y, z, w, *, a=0.25, b=3.0, c=0.5, d=0.05):
    """The first hyperchaotic flow: Rossler's spiral with a second, slowly growing variable."""
    return -y - z, x + a * y + w, b + x * z, -c * z + d * w


@Flow
def HyperLorenz(x, y, z, w, *, a=10.0, b=2.667, c=28.0, d=1.1):
    """Lorenz's flow with a growing fourth variable that feeds back on the first."""
    return a * (y - x) + w, x * (c - z) - y, x * y - b * z, d * w - x * z


@Flow
def HyperJha(x, y, z, w, *, a=10.0, b=28.0, c=2.667, d=1.3):
    """Lorenz's flow extended as in HyperLorenz, with a faster growing fourth variable."""
    return a * (y - x) + w, x * (b - z) - y, x * y - c * z, d * w - x * z


@Flow
def HyperLu(x, y, z, w, *, a=36.0, b=3.0, c=20.0, d=1.3):
    """The flow of Lu and Chen with a fourth variable driven by a product."""
    return a * (y - x) + w, c * y - x * z, x * y - b * z, d * w + x * z


@Flow
def HyperBao(x, y, z, w, *, a=36.0, b=3.0, c=20.0, d=0.1, e=21.0):
    """The flow of Lu and Chen with a fourth variable that integrates a linear term and a product."""
    return a * (y - x) + w, c * y - x * z, x * y - b * z, e * x + d * y * z


@Flow
def HyperPang(x, y, z, w, *, a=36.0, b=3.0, c=20.0, d=2.0):
    """The flow of Lu and Chen with linear integral feedback."""
    return a * (y - x), -x * z + c * y + w, x * y - b * z, -d * (x + y)


@Flow
def HyperCai(x, y, z, w, *, a=27.5, b=3.0, c=19.3, d=2.9, e=3.3):
    """A Lorenz-like flow with a square in place of the product and linear integral feedback."""
    return a * (y - x), b * x + c * y - x * z + w, y**2 - d * z, -e * x


@Flow
def HyperWang(x, y, z, w, *, a=10.0, b=40.0, c=2.5, d=10.6, e=4.0):
    """A Lorenz-like flow with the square of the first variable and linear integral feedback."""
    return a * (y - x), b * x - x * z + w, -c * z + e * x**2, -d * x


@Flow
def HyperXu(x, y, z, w, *, a=10.0, b=40.0, c=2.5, d=2.0, e=16.0):
    """A Lorenz-like flow with a strong product and a fourth variable fed by another."""
    return a * (y - x) + w, b * x + e * x * z, -x * y - c * z, x * z - d * y


@Flow
def HyperYangChen(x, y, z, w, *, a=30.0, b=3.0, c=35.0, d=8.0):
    """A flow between Lorenz's and Chen's with linear integral feedback."""
    return a * (y - x), c * x - x * z + w, x * y - b * z, -d * x


@Flow
def HyperYan(x, y, z, w, *, a=37.0, b=3.0, c=26.0, d=38.0):
    """Chen's flow with a strongly damped fourth variable that answers two products."""
    return a * (y - x), (c - a) * x - x * z + c * y, -b * z + x * y - y * z + x * z - w, -d * w + y * z - x * z


@Flow
def HyperQi(x, y, z, w, *, a=50.0, b=24.0, c=13.0, d=8.0, e=33.0, f=30.0):
    """A flow of four variables with one product in three of its laws and fast rotation."""
    return a * (y - x) + y * z, b * (x + y) - x * z, -c * z - e * w + x * y, -d * w + f * z + x * y
