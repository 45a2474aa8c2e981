#pragma once

#include "verify/certificate.h"

namespace basin {

/// Adds what does not hold of a certificate by the Hessian or by higher order: the
/// gradient against its own rounding, the signs of a Hessian by differences, scaled so
/// that they do not depend on the units of the parameters, and the loss along zero
/// modes, followed at finite distance with the other directions relaxed.
void check_spectrum(const CertificateContext& context,
                    const Endpoint& e,
                    const std::vector<Real>& theta,
                    const ReferenceValue& at,
                    std::vector<std::string>& faults);

}  // namespace basin
