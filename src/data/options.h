#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace basin {

enum class DataSource {
  kSingleSample,
  kXor,
  kSine,
  kPolynomial,
  kBlobs,
  kMoons,
  kSpirals,
  kTeacher,
  kCsv,
  kIdx,
  kIris,
  kWine,
  kBreastCancer,
  kDiabetes,
  kDigits,
  kGaussianPopulation,  ///< an expectation over N(0, I), see GaussianPopulation
};

enum class XorEncoding { kPlusMinus, kZeroOne };
enum class HeaderKind { kAuto, kYes, kNo };
enum class TargetKind { kAuto, kNumeric, kClass };
enum class DecimalMark { kPoint, kComma };
enum class FeatureKind { kTanh, kRelu, kSin };
enum class Standardize { kNone, kInputs, kBoth };

/// The data set of a run, as written.
struct DataOptions {
  DataSource source = DataSource::kXor;

  int64_t samples = 100;  ///< synthetic families
  double noise = 0.0;     ///< standard deviation of Gaussian noise
  int64_t inputs = 2;     ///< d of blobs and teacher
  int64_t classes = 2;    ///< blobs and spirals
  double x = 1.0;         ///< single_sample
  double y = 1.0;         ///< single_sample
  XorEncoding encoding = XorEncoding::kPlusMinus;
  double frequency = 1.0;                     ///< sine: y = sin(frequency · x)
  std::vector<double> coefficients{0, 0, 1};  ///< polynomial, constant term first
  double spread = 1.0;                        ///< blobs: standard deviation of a blob
  double turns = 1.0;                         ///< spirals
  int64_t teacher_width = 4;
  int64_t teacher_depth = 1;

  std::string file;    ///< csv, idx: the samples
  std::string labels;  ///< idx: the labels
  HeaderKind header = HeaderKind::kAuto;
  std::string delimiter = "auto";
  DecimalMark decimal = DecimalMark::kPoint;  ///< csv: 1.5 or 1,5
  std::vector<std::string> targets;  ///< csv: names, or numbers from 1; empty: the last
  TargetKind target_kind = TargetKind::kAuto;

  /// Symmetries of the data set, each as "-x2 x1 -> y1": with (x1, x2; y1) it also
  /// holds
  /// (-x2, x1; y1); or "permutations", of all inputs.
  std::vector<std::string> symmetries;

  bool one_hot = false;
  Standardize standardize = Standardize::kNone;
  int64_t features = 0;  ///< 0: none; see frozen_features
  FeatureKind feature_activation = FeatureKind::kTanh;
  int64_t subset = 0;          ///< keep so many samples, chosen at random; 0: all
  double test_fraction = 0.0;  ///< held out, chosen at random
};

}  // namespace basin
