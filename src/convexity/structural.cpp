#include "convexity/structural.h"

#include <fmt/format.h>

namespace basin {
namespace {

// Of each loss: its value at one sample as a function of the outputs f.
RuleStep loss_rule(LossKind kind) {
  switch (kind) {
    case LossKind::kMse:
      return {"½ ‖f − y‖²", Shape::kConvex, "a square of an affine expression"};
    case LossKind::kHuber:
      return {
          "huber(f − y)", Shape::kConvex, "huber is convex, of an affine expression"};
    case LossKind::kAbsolute:
      return {"|f − y|", Shape::kConvex, "an absolute value of an affine expression"};
    case LossKind::kHinge:
      return {"max(0, 1 − y f)", Shape::kConvex, "a maximum of affine expressions"};
    case LossKind::kLogistic:
      return {"log(1 + exp(−y f))",
              Shape::kConvex,
              "log-sum-exp of affine expressions, y given"};
    case LossKind::kCrossEntropy:
      return {"log Σ exp f − f_y", Shape::kConvex, "log-sum-exp less an affine term"};
    case LossKind::kSigmoidCrossEntropy:
      return {
          "log(1 + exp f) − y f", Shape::kConvex, "log-sum-exp less an affine term"};
  }
  return {};
}

bool is_affine(Elementwise activation) { return activation == Elementwise::kIdentity; }

}  // namespace

std::string name_of(Shape shape) {
  switch (shape) {
    case Shape::kConstant:
      return "constant";
    case Shape::kAffine:
      return "affine";
    case Shape::kConvex:
      return "convex";
    default:
      return "unknown";
  }
}

StructuralProof prove_convex_in_outputs(const LossOptions& loss) {
  StructuralProof out;
  out.steps.push_back(loss_rule(loss.kind));
  out.steps.push_back({"mean over samples", Shape::kConvex, "a non-negative sum"});
  out.convex = true;
  return out;
}

StructuralProof prove_convex(const ModelOptions& model,
                             const LossOptions& loss,
                             bool frozen_features) {
  StructuralProof out;
  const auto stop = [&](const std::string& expression, const std::string& rule) {
    out.steps.push_back({expression, Shape::kUnknown, rule});
    out.steps.push_back({"the loss", Shape::kUnknown, "no rule reaches it"});
    return out;
  };
  if (frozen_features) {
    out.steps.push_back({"x = φ(V s + c)",
                         Shape::kConstant,
                         "s are the samples, V and c are frozen: no parameter occurs"});
  }
  out.steps.push_back({model.depth == 0 ? "W x + b" : "W₀ x + b₀",
                       Shape::kAffine,
                       frozen_features ? "the features x are constant, W and b are "
                                         "parameters"
                                       : "the inputs x are given, W and b are "
                                         "parameters"});
  if (model.depth > 0) {
    return stop(
        "W₁ φ(W₀ x + b₀)",
        "a product of two expressions that depend on parameters proves nothing");
  }
  if (!is_affine(model.output_activation)) {
    return stop("φ(W x + b)",
                "the loss is convex in φ, but φ is not affine in the parameters");
  }
  auto step = loss_rule(loss.kind);
  step.rule += "; f = W x + b is affine";
  out.steps.push_back(step);
  out.steps.push_back({"mean over samples", Shape::kConvex, "a non-negative sum"});
  if (loss.weight_decay > 0) {
    out.steps.push_back(
        {"½ wd ‖θ‖²", Shape::kConvex, "a non-negative multiple of squares"});
    out.strictly = loss.decay_biases;
  }
  out.steps.push_back({"the loss", Shape::kConvex, "a sum of convex expressions"});
  out.convex = true;
  return out;
}

}  // namespace basin
