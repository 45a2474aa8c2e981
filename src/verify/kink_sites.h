#pragma once

// Where the reference says that a point lies on kinks.

#include "verify/certificate.h"

namespace basin {

/// The parameters of one hidden unit of a layer.
struct UnitEntries {
  std::vector<int64_t> row;     ///< weights and bias
  std::vector<int64_t> column;  ///< what the next layer reads it with
};

UnitEntries entries_of(const ParameterLayout& layout, size_t layer, int64_t unit);

/// True if decay acts everywhere and all of a unit's parameters are zero.
bool is_zeroed(const CertificateContext& context,
               const std::vector<Real>& theta,
               int64_t layer,
               int64_t unit);

/// The sites with |z| at most the tolerance, units at zero and silent samples left out.
std::vector<int64_t> active_sites(const CertificateContext& context,
                                  const std::vector<Real>& theta,
                                  const ReferenceValue& at);

/// What may be called silent besides units that are strictly inactive.
struct Silence {
  bool zeroed = false;           ///< units at zero
  int64_t but = -1;              ///< of these not the ones in this layer
  std::vector<int64_t> sites{};  ///< and these, ascending
};

/// `sites` in groups that are the same function near θ: of one unit, of samples on
/// which every unit of some layer below is silent.
std::vector<std::vector<int64_t>> grouped_sites(const CertificateContext& context,
                                                const std::vector<Real>& theta,
                                                const ReferenceValue& at,
                                                const std::vector<int64_t>& sites,
                                                const Silence& silence);

}  // namespace basin
