"""Measurements on systems and trajectories: exponents, dimensions, entropies, sections, spectra, forecast scores."""

from inscape.analysis.adjoint_residual import least_adjoint_residual
from inscape.analysis.alignment import Alignment, gali
from inscape.analysis.audit import AuditRow, audit, audit_all
from inscape.analysis.basins import (
    Basins,
    basins,
)
from inscape.analysis.bifurcation import (
    BifurcationDiagram,
    bifurcation_diagram,
)
from inscape.analysis.block_bootstrap import BlockBootstrap, block_bootstrap
from inscape.analysis.certificate import Certificate, Statement, certificate, preservation_defect
from inscape.analysis.conditional import conditional_exponents
from inscape.analysis.confounding import Confounding, confounding
from inscape.analysis.controllable_plane import ControllablePlane, controllable_plane
from inscape.analysis.correlation_moments import filtered_density, spectral_moments
from inscape.analysis.covariant import CovariantVectors, covariant_vectors
from inscape.analysis.dimensions import (
    Dimension,
    DimensionFit,
    box_dimension,
    correlation_dimension,
    kaplan_yorke_dimension,
    theiler_window,
)
from inscape.analysis.disk_certificate import DiskCertificate, disk_certificate
from inscape.analysis.eigenfunctions import Eigenfunctions
from inscape.analysis.entropy import (
    MultiscaleEntropy,
    lempel_ziv_complexity,
    multiscale_entropy,
    ordinal_distribution,
    permutation_entropy,
    sample_entropy,
    spectral_entropy,
)
from inscape.analysis.error_control import ControlledSpectrum, spectrum_with_error_control
from inscape.analysis.expansion import ExpansionEntropy, expansion_entropy
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.exponents_from_data import DataExponent, largest_exponent_from_data
from inscape.analysis.finite_time import finite_time_exponents
from inscape.analysis.fixed_points import (
    FixedPoint,
    fixed_points,
)
from inscape.analysis.gait import Gait, gait, kymograph, strouhal
from inscape.analysis.galerkin import EigenSystem, Galerkin, GalerkinStream
from inscape.analysis.kernel_galerkin import kernel_galerkin
from inscape.analysis.kernel_rank import StateRank, generalisation_rank, kernel_rank
from inscape.analysis.local_maps import spectrum_from_data
from inscape.analysis.lyapunov import lyapunov_spectrum
from inscape.analysis.memory_capacity import MemoryCapacity, memory_capacity
from inscape.analysis.oscillation import detrended_deviation, step_deviation
from inscape.analysis.partial_correlation import partial_correlation
from inscape.analysis.period import (
    DominantPeriod,
    dominant_period,
)
from inscape.analysis.periodic_orbits import (
    PeriodicOrbit,
    periodic_orbit,
)
from inscape.analysis.phase_change import PhaseChange, phase_change, plateau_length, time_to_threshold
from inscape.analysis.point_energy import PointEnergy, point_energy
from inscape.analysis.pooled_cloning import PooledCloning, pooled_cloning
from inscape.analysis.processing_capacity import ProcessingCapacity, processing_capacity
from inscape.analysis.pseudospectrum import Pseudospectrum, plane, pseudospectrum
from inscape.analysis.rational_kernel import rigged_density
from inscape.analysis.recurrence import (
    Recurrence,
    recurrence_plot,
    recurrence_quantification,
)
from inscape.analysis.residual_audit import ResidualAudit, residuals_of
from inscape.analysis.residual_bands import ResidualBands, residual_bands
from inscape.analysis.residuals import least_residual, residual
from inscape.analysis.scores import (
    ValidTime,
    correlation,
    crps,
    mase,
    measure_distance,
    nrmse,
    nrmse_at,
    r2,
    rmse,
    smape,
    spectral_distance,
    valid_time,
)
from inscape.analysis.sections import (
    poincare_section,
    return_map,
    stroboscopic_section,
)
from inscape.analysis.shapley import shapley_values
from inscape.analysis.spectral_measure import SpectralMeasure, spectral_measure
from inscape.analysis.spectrum import (
    Spectrum,
    autocorrelation,
    embedding_lag,
    mutual_information,
    power_spectrum,
)
from inscape.analysis.subspace import (
    ReducedRank,
    largest_sine,
    linear_encoder,
    principal_angles,
    reduced_rank_regression,
)
from inscape.analysis.surrogates import (
    surrogates,
)
from inscape.analysis.twins import largest_exponent_twins
from inscape.analysis.unitary_part import UnitaryPart, unitary_part
from inscape.analysis.zero_one import (
    ChaosDecision,
    ZeroOneTest,
    chaos_decision,
    zero_one_test,
)

__all__ = [
    "Alignment",
    "AuditRow",
    "Basins",
    "BifurcationDiagram",
    "BlockBootstrap",
    "Certificate",
    "ChaosDecision",
    "Confounding",
    "ControllablePlane",
    "ControlledSpectrum",
    "CovariantVectors",
    "DataExponent",
    "Dimension",
    "DimensionFit",
    "DiskCertificate",
    "DominantPeriod",
    "EigenSystem",
    "Eigenfunctions",
    "ExpansionEntropy",
    "FixedPoint",
    "Gait",
    "Galerkin",
    "GalerkinStream",
    "LyapunovSpectrum",
    "MemoryCapacity",
    "MultiscaleEntropy",
    "PeriodicOrbit",
    "PhaseChange",
    "PointEnergy",
    "PooledCloning",
    "ProcessingCapacity",
    "Pseudospectrum",
    "Recurrence",
    "ReducedRank",
    "ResidualAudit",
    "ResidualBands",
    "SpectralMeasure",
    "Spectrum",
    "StateRank",
    "Statement",
    "UnitaryPart",
    "ValidTime",
    "ZeroOneTest",
    "audit",
    "audit_all",
    "autocorrelation",
    "basins",
    "bifurcation_diagram",
    "block_bootstrap",
    "box_dimension",
    "certificate",
    "chaos_decision",
    "conditional_exponents",
    "confounding",
    "controllable_plane",
    "correlation",
    "correlation_dimension",
    "covariant_vectors",
    "crps",
    "detrended_deviation",
    "disk_certificate",
    "dominant_period",
    "embedding_lag",
    "expansion_entropy",
    "filtered_density",
    "finite_time_exponents",
    "fixed_points",
    "gait",
    "gali",
    "generalisation_rank",
    "kaplan_yorke_dimension",
    "kernel_galerkin",
    "kernel_rank",
    "kymograph",
    "largest_exponent_from_data",
    "largest_exponent_twins",
    "largest_sine",
    "least_adjoint_residual",
    "least_residual",
    "lempel_ziv_complexity",
    "linear_encoder",
    "lyapunov_spectrum",
    "mase",
    "measure_distance",
    "memory_capacity",
    "multiscale_entropy",
    "mutual_information",
    "nrmse",
    "nrmse_at",
    "ordinal_distribution",
    "partial_correlation",
    "periodic_orbit",
    "permutation_entropy",
    "phase_change",
    "plane",
    "plateau_length",
    "poincare_section",
    "point_energy",
    "pooled_cloning",
    "power_spectrum",
    "preservation_defect",
    "principal_angles",
    "processing_capacity",
    "pseudospectrum",
    "r2",
    "recurrence_plot",
    "recurrence_quantification",
    "reduced_rank_regression",
    "residual",
    "residual_bands",
    "residuals_of",
    "return_map",
    "rigged_density",
    "rmse",
    "sample_entropy",
    "shapley_values",
    "smape",
    "spectral_distance",
    "spectral_entropy",
    "spectral_measure",
    "spectral_moments",
    "spectrum_from_data",
    "spectrum_with_error_control",
    "step_deviation",
    "stroboscopic_section",
    "strouhal",
    "surrogates",
    "theiler_window",
    "time_to_threshold",
    "unitary_part",
    "valid_time",
    "zero_one_test",
]
