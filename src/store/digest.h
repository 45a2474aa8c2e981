#pragma once

#include <string>

#include "minima/endpoint.h"

namespace basin {

/// SHA-256 over every number and word of an endpoint, bit for bit. It is stored beside
/// the endpoint, so that `verify` notices a change of a single bit.
std::string digest_of(const Endpoint& endpoint);

}  // namespace basin
