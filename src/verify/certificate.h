#pragma once

#include <string>
#include <vector>

#include "core/layout.h"
#include "minima/endpoint.h"
#include "minima/options.h"
#include "verify/reference.h"

namespace basin {

/// What an endpoint is held against.
struct CertificateContext {
  const Reference& reference;
  ParameterLayout layout;
  std::vector<KinkBlock> blocks;
  double decay = 0;     ///< on every parameter; 0: not on every one
  bool convex = false;  ///< the config's loss is convex by composition rules
  MinimaOptions options;
};

/// What does not hold of an endpoint, found by the reference alone: the loss, the
/// gradient, the spectrum of a Hessian by differences, slopes and forces of kinks,
/// witnesses by evaluation. Empty if everything holds.
std::vector<std::string> faults_of(const CertificateContext& context,
                                   const Endpoint& endpoint);

}  // namespace basin
