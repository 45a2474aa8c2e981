#include "minima/data_symmetry.h"

#include <ATen/Functions.h>

#include <set>

#include "minima/symmetry.h"

namespace basin {
namespace {

using torch::Tensor;

// First `a`, then `b`: x''_i = b.sign_i · a.sign_j · x_{a.from_j}, j = b.from_i.
SignedPermutation composed(const SignedPermutation& a, const SignedPermutation& b) {
  SignedPermutation out;
  for (size_t i = 0; i < b.from.size(); ++i) {
    const auto j = static_cast<size_t>(b.from[i]);
    out.from.push_back(a.from[j]);
    out.sign.push_back(b.sign[i] * a.sign[j]);
  }
  return out;
}

SignedPermutation identity(size_t size) {
  SignedPermutation out;
  for (size_t i = 0; i < size; ++i) {
    out.from.push_back(static_cast<int64_t>(i));
    out.sign.push_back(1);
  }
  return out;
}

std::vector<double> key_of(const DataSymmetry& g) {
  std::vector<double> out;
  for (const auto* p : {&g.inputs, &g.outputs}) {
    for (size_t i = 0; i < p->from.size(); ++i) {
      out.push_back(p->sign[i] * static_cast<double>(p->from[i] + 1));
    }
  }
  return out;
}

}  // namespace

std::vector<DataSymmetry> closure(const std::vector<DataSymmetry>& generators,
                                  size_t limit) {
  if (generators.empty()) return {};
  const auto& first = generators.front();
  std::vector<DataSymmetry> out{
      {identity(first.inputs.from.size()), identity(first.outputs.from.size())}};
  std::set<std::vector<double>> seen{key_of(out.front())};
  for (size_t next = 0; next < out.size(); ++next) {
    for (const auto& g : generators) {
      const DataSymmetry product{composed(out[next].inputs, g.inputs),
                                 composed(out[next].outputs, g.outputs)};
      if (!seen.insert(key_of(product)).second) continue;
      if (out.size() == limit) return {};
      out.push_back(product);
    }
  }
  return out;
}

Tensor transformed(const ParameterLayout& layout,
                   const DataSymmetry& symmetry,
                   const Tensor& theta) {
  auto out = theta.clone();
  const auto from = layer_views(layout, theta);
  const auto to = layer_views(layout, out);
  const auto& a = symmetry.inputs;
  for (size_t i = 0; i < a.from.size(); ++i) {
    to.weight.front()
        .select(1, a.from[i])
        .copy_(a.sign[i] * from.weight.front().select(1, static_cast<int64_t>(i)));
  }
  // Units that are simply added up have no output weights to move.
  if (!layout.groups.empty() && layout.groups.back().readers.empty()) return out;
  const auto& b = symmetry.outputs;
  const auto last = to.weight.back().clone();
  const auto bias = from.bias.back().defined() ? to.bias.back().clone() : Tensor();
  for (size_t i = 0; i < b.from.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    to.weight.back()[b.from[i]].copy_(b.sign[i] * last[row]);
    if (bias.defined()) to.bias.back()[b.from[i]].copy_(b.sign[i] * bias[row]);
  }
  return out;
}

}  // namespace basin
