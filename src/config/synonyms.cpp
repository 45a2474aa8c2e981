#include "config/synonyms.h"

#include <array>
#include <sstream>
#include <string_view>

namespace basin {
namespace {

struct Synonyms {
  std::string_view meant;  ///< words of the config
  std::string_view written;
};

// Where a word is written for several, each line holds in its own place: the caller
// keeps those that may stand there.
constexpr std::array kSynonyms{
    // loss.kind
    Synonyms{"absolute", "mae l1 l1_loss mean_absolute_error abs_error median"},
    Synonyms{"mse",
             "l2 l2_loss mse_loss mean_squared_error squared squared_error quadratic "
             "least_squares square_loss"},
    Synonyms{"cross_entropy",
             "ce xent xe nll nll_loss cross_entropy_loss crossentropy softmax "
             "categorical_crossentropy sparse_categorical_crossentropy softmax_loss"},
    Synonyms{"logistic", "bce binary_crossentropy log_loss logloss logistic_loss"},
    Synonyms{"sigmoid_cross_entropy",
             "bce bce_loss bce_with_logits bcewithlogits binary_cross_entropy "
             "binary_crossentropy sigmoid_crossentropy soft_labels"},
    Synonyms{"huber", "smooth_l1 smoothl1 smooth_l1_loss huber_loss"},
    Synonyms{"hinge", "svm max_margin margin hinge_loss"},
    // model
    Synonyms{"leaky_relu", "lrelu leakyrelu prelu"},
    Synonyms{"silu", "swish"},
    Synonyms{"sigmoid", "logistic expit logsig"},
    Synonyms{"identity", "linear none id"},
    Synonyms{"sin", "sine siren"},
    Synonyms{"tanh", "tansig hyperbolic_tangent"},
    Synonyms{"square", "quadratic x2"},
    Synonyms{"relu", "rectifier relu6 rectified_linear"},
    Synonyms{"glorot_normal", "xavier xavier_normal glorot"},
    Synonyms{"glorot_uniform", "xavier_uniform"},
    Synonyms{"he_normal", "kaiming kaiming_normal he"},
    Synonyms{"he_uniform", "kaiming_uniform"},
    Synonyms{"lecun_normal", "lecun"},
    Synonyms{"torch", "pytorch default"},
    Synonyms{"normal", "gaussian randn"},
    Synonyms{"depth", "layers n_layers num_layers hidden_layers n_hidden num_hidden"},
    Synonyms{"width",
             "hidden units neurons hidden_size hidden_units hidden_dim hidden_width"},
    Synonyms{"widths", "hidden_sizes layer_sizes hidden_layer_sizes layers hidden"},
    Synonyms{"activation", "act nonlinearity activation_function"},
    Synonyms{"output_activation", "final_activation last_activation output"},
    Synonyms{"bias", "biases use_bias"},
    Synonyms{"skip", "residual skip_connections resnet"},
    Synonyms{"init", "initializer initialization initialisation weight_init"},
    Synonyms{"init_scale", "gain init_std"},
    // ensemble
    Synonyms{"learning_rate", "lr eta step_size alpha"},
    Synonyms{"steps", "epochs epoch iterations iters max_iter n_steps num_steps"},
    Synonyms{"batch", "batch_size batchsize minibatch mini_batch"},
    Synonyms{"seeds", "runs n_seeds num_seeds members trials replicas n_runs"},
    Synonyms{"seed", "random_seed random_state rng"},
    Synonyms{"optimizer", "opt optim optimiser method algorithm solver"},
    Synonyms{"momentum", "sgd_momentum sgdm heavy_ball polyak"},
    Synonyms{"nesterov", "nag sgd_nesterov"},
    Synonyms{"sgd", "gd gradient_descent steepest_descent"},
    Synonyms{"adam", "amsgrad nadam rmsprop"},
    Synonyms{"lbfgs", "bfgs l_bfgs newton"},
    Synonyms{"schedule", "scheduler lr_schedule lr_scheduler"},
    Synonyms{"warmup", "warmup_steps warm_up"},
    Synonyms{"gradient_tolerance", "tolerance tol gtol"},
    Synonyms{"cosine", "cosine_annealing"},
    // loss
    Synonyms{"weight_decay",
             "wd l2 decay lambda regularization regularisation l2_penalty ridge"},
    Synonyms{"huber_delta", "delta"},
    Synonyms{"kind", "type function name loss_function criterion"},
    // data
    Synonyms{"idx", "mnist fashion_mnist emnist kmnist qmnist ubyte cifar cifar10"},
    Synonyms{"csv", "tsv txt file table boston housing california cifar cifar10"},
    Synonyms{"breast_cancer", "cancer wdbc"},
    Synonyms{"moons", "two_moons half_moons make_moons"},
    Synonyms{"spirals", "spiral two_spirals swiss_roll"},
    Synonyms{"blobs", "gaussians clusters mixture make_blobs"},
    Synonyms{"teacher", "student_teacher teacher_student"},
    Synonyms{"sine", "sin sinus sinusoid"},
    Synonyms{"polynomial", "poly quadratic cubic"},
    Synonyms{"xor", "parity exclusive_or"},
    Synonyms{"file", "csv_file path filename file_name csv data_file images train"},
    Synonyms{"source", "dataset data_set kind type"},
    Synonyms{"labels", "label_file labels_file"},
    Synonyms{"targets", "target label y_column target_column output_columns"},
    Synonyms{"target_kind", "target_type task"},
    Synonyms{"delimiter", "sep separator delim"},
    Synonyms{"decimal", "decimal_mark decimal_comma decimal_point decimal_separator"},
    Synonyms{"samples", "n n_samples num_samples points size"},
    Synonyms{"inputs", "n_features num_features input_dim dimension"},
    Synonyms{"classes", "n_classes num_classes"},
    Synonyms{"noise", "sigma noise_std"},
    Synonyms{"standardize", "standardise normalize normalise scale scaling zscore"},
    Synonyms{"test_fraction", "test_size test_split validation val_split test"},
    Synonyms{"numeric", "number numbers regression float continuous"},
    Synonyms{"class", "classes classification categorical label"},
    Synonyms{"comma", "german european"},
    Synonyms{"yes", "true on"},
    Synonyms{"no", "false off none"},
    // landscape, curvature, compute
    Synonyms{"landscape", "slices slice planes plane"},
    Synonyms{"plane", "2d surface contour"},
    Synonyms{"line", "1d"},
    Synonyms{"points", "resolution grid n_points steps"},
    Synonyms{"directions", "direction axes_kind"},
    Synonyms{"trajectory", "pca"},
    Synonyms{"filter", "filter_normalized filter_normalised filter_wise"},
    Synonyms{"eigenvectors", "hessian eigen eigenvector"},
    Synonyms{"curvature", "hessian spectrum eigenvalues"},
    Synonyms{"connectivity", "mode_connectivity barriers saddles"},
    Synonyms{"device", "gpu"},
    Synonyms{"cuda", "gpu nvidia"},
    Synonyms{"dtype", "precision"},
    Synonyms{"float64", "double fp64 f64"},
    Synonyms{"float32", "float single fp32 f32"},
    Synonyms{"threads", "cores num_threads n_jobs workers"},
};

bool has_word(std::string_view words, const std::string& word) {
  std::istringstream stream{std::string(words)};
  for (std::string each; stream >> each;) {
    if (each == word) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> synonyms_of(const std::string& word) {
  std::vector<std::string> out;
  for (const auto& line : kSynonyms) {
    if (has_word(line.written, word)) out.emplace_back(line.meant);
  }
  return out;
}

std::vector<std::string> synonym_targets() {
  std::vector<std::string> out;
  for (const auto& line : kSynonyms) out.emplace_back(line.meant);
  return out;
}

}  // namespace basin
