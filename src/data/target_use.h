#pragma once

namespace basin {

/// What the loss can do with targets.
enum class TargetUse {
  kAny,      ///< numbers, or classes written as numbers
  kClasses,  ///< classes alone, as cross_entropy, logistic and hinge
};

}  // namespace basin
