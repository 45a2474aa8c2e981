#include "store/digest.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/file.h"

namespace basin {
namespace {

/// Bytes of values, each after a mark of its kind, so that no two lists read alike.
class Bytes {
 public:
  Bytes& add(int64_t value) {
    text_ += 'i';
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& add(double value) {
    // An unset number is stored as NULL: all NaN are one.
    if (value != value) value = Endpoint::kNan;
    text_ += 'd';
    text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Bytes& add(const std::string& value) {
    text_ += 's';
    add(static_cast<int64_t>(value.size()));
    text_ += value;
    return *this;
  }
  Bytes& add(const torch::Tensor& value) {
    text_ += 't';
    if (!value.defined()) return *this;
    const auto flat = value.to(torch::kFloat64).contiguous();
    for (const auto size : flat.sizes()) add(size);
    for (int64_t i = 0; i < flat.numel(); ++i) add(flat.data_ptr<double>()[i]);
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string digest_of(const Endpoint& e) {
  Bytes bytes;
  bytes.add(e.seed)
      .add(static_cast<int64_t>(e.verdict))
      .add(static_cast<int64_t>(e.certificate))
      .add(e.reason)
      .add(e.theta)
      .add(e.loss)
      .add(e.gradient_norm)
      .add(e.noise)
      .add(e.min_eigenvalue)
      .add(e.max_eigenvalue)
      .add(e.residual)
      .add(e.newton_step)
      .add(e.nullity)
      .add(e.explained)
      .add(e.sources)
      .add(e.cut_below)
      .add(e.cut_above)
      .add(e.eigenvalues)
      .add(e.index)
      .add(e.witness)
      .add(e.witness_fall)
      .add(e.growth_fall)
      .add(e.norm)
      .add(e.kink_distance)
      .add(e.radius)
      .add(e.kinks)
      .add(e.kink_margin)
      .add(e.kink_force)
      .add(e.zeroed)
      .add(e.silence)
      .add(e.units)
      .add(e.polish_steps)
      .add(e.trained_loss);
  return sha256(bytes.text());
}

}  // namespace basin
