#include "config/table.h"

namespace basin {
namespace {

constexpr double kBig = 1e15;

template <typename E>
Choice choice(E& target, std::vector<std::string> names) {
  return {.names = std::move(names),
          .get = [&target] { return static_cast<size_t>(target); },
          .set = [&target](size_t i) { target = static_cast<E>(i); }};
}

Range at_least(double low, double high = kBig) { return {low, high, false}; }
Range above(double low, double high = kBig) { return {low, high, true}; }

const std::vector<std::string> kActivationNames{"identity",
                                                "relu",
                                                "leaky_relu",
                                                "tanh",
                                                "sigmoid",
                                                "softplus",
                                                "gelu",
                                                "silu",
                                                "elu",
                                                "sin",
                                                "square"};

Section data_section(DataOptions& d) {
  return {"data",
          "the samples",
          {{"source",
            choice(d.source,
                   {"single_sample", "xor", "sine", "polynomial", "blobs", "moons",
                    "spirals", "teacher", "csv", "idx", "iris", "wine", "breast_cancer",
                    "diabetes", "digits"}),
            "synthetic family, file format or built-in set"},
           {"samples", &d.samples, "how many, of a synthetic family", at_least(1, 1e7)},
           {"noise", &d.noise, "standard deviation of Gaussian noise", at_least(0, 1e6)},
           {"inputs", &d.inputs, "inputs of blobs and teacher", at_least(1, 10'000)},
           {"classes", &d.classes, "classes of blobs and spirals", at_least(2, 1000)},
           {"x", &d.x, "input of single_sample", {-1e6, 1e6}},
           {"y", &d.y, "target of single_sample", {-1e6, 1e6}},
           {"encoding",
            choice(d.encoding, {"plus_minus", "zero_one"}),
            "inputs and targets of xor: -1, 1 or 0, 1"},
           {"frequency", &d.frequency, "sine: y = sin(frequency x)", {-1e6, 1e6}},
           {"coefficients",
            &d.coefficients,
            "polynomial: constant term first",
            {-1e6, 1e6}},
           {"spread", &d.spread, "standard deviation of a blob", at_least(0, 1e6)},
           {"turns", &d.turns, "turns of a spiral", at_least(0, 100)},
           {"teacher_width", &d.teacher_width, "units of the teacher", at_least(1, 1000)},
           {"teacher_depth", &d.teacher_depth, "hidden layers of the teacher", at_least(0, 20)},
           {"file", &d.file, "csv, idx: the samples, from the config's folder"},
           {"labels", &d.labels, "idx: the labels, from the config's folder"},
           {"header", choice(d.header, {"auto", "yes", "no"}), "csv: is the first row one"},
           {"delimiter", &d.delimiter, "csv: auto, tab, or one character", {}, "auto|tab|."},
           {"targets", &d.targets, "csv: target columns by name or number; none: the last"},
           {"target_kind",
            choice(d.target_kind, {"auto", "numeric", "class"}),
            "csv: numbers or classes; auto: by the loss and the text"},
           {"one_hot", &d.one_hot, "mse, huber: two classes as two columns, not as ±1"},
           {"standardize",
            choice(d.standardize, {"none", "inputs", "both"}),
            "subtract the mean, divide by the deviation of the training part"},
           {"subset", &d.subset, "keep so many samples at random; 0: all", at_least(0, 1e9)},
           {"test_fraction", &d.test_fraction, "held out at random", {0, 0.95}}}};
}

Section model_section(ModelOptions& m) {
  return {"model",
          "the network: a <- activation(W a + b), depth times, then an affine layer",
          {{"depth", &m.depth, "hidden layers; 0: a one-layer model", at_least(0, 100)},
           {"width", &m.width, "units of each hidden layer", at_least(1, 100'000)},
           {"widths", &m.widths, "one for each hidden layer, instead of width",
            at_least(1, 100'000)},
           {"activation", choice(m.activation, kActivationNames), "of hidden units"},
           {"output_activation",
            choice(m.output_activation, kActivationNames),
            "of the last layer"},
           {"bias", &m.bias, "hidden layers have biases"},
           {"output_bias", &m.output_bias, "the last layer has biases"},
           {"skip", &m.skip, "add a hidden layer's input to its output where widths agree"},
           {"init",
            choice(m.init,
                   {"he_normal", "he_uniform", "glorot_normal", "glorot_uniform",
                    "lecun_normal", "lecun_uniform", "torch", "orthogonal", "normal"}),
            "initial weights"},
           {"init_scale", &m.init_scale, "multiplies every initial weight", at_least(0, 1e6)}}};
}

Section loss_section(LossOptions& l) {
  return {"loss",
          "what is minimised",
          {{"kind",
            choice(l.kind, {"mse", "cross_entropy", "logistic", "huber", "hinge"}),
            "mse is half the mean squared error"},
           {"weight_decay",
            &l.weight_decay,
            "adds weight_decay/2 times the squared norm of all parameters",
            at_least(0, 1e6)},
           {"decay_biases", &l.decay_biases, "decay acts on biases too"},
           {"huber_delta", &l.huber_delta, "where huber turns linear", above(0, 1e6)}}};
}

Section ensemble_section(Spec& spec) {
  auto& t = spec.train;
  return {
      "ensemble",
      "how many seeds are trained, and how",
      {{"seeds", &spec.seeds, "members of the ensemble", at_least(1, 1e7)},
       {"optimizer",
        choice(t.optimizer, {"sgd", "momentum", "nesterov", "adam", "adamw", "lbfgs"}),
        "step rule"},
       {"learning_rate", &t.learning_rate, "of the first step after warm-up", above(0, 1e6)},
       {"momentum", &t.momentum, "momentum, nesterov", {0, 0.9999}},
       {"beta1", &t.beta1, "adam, adamw", {0, 0.99999}},
       {"beta2", &t.beta2, "adam, adamw", {0, 0.9999999}},
       {"epsilon", &t.epsilon, "adam, adamw", above(0, 1)},
       {"decoupled_decay", &t.decoupled_decay, "adamw; not part of the loss", at_least(0, 10)},
       {"steps", &t.steps, "at most", at_least(0, 1e9)},
       {"batch", &t.batch, "samples in a mini-batch; 0: all", at_least(0, 1e9)},
       {"schedule",
        choice(t.schedule, {"constant", "step", "cosine"}),
        "how the learning rate changes"},
       {"warmup", &t.warmup, "steps of linear rise", at_least(0, 1e9)},
       {"step_every", &t.step_every, "schedule step: steps between falls", at_least(1, 1e9)},
       {"step_factor", &t.step_factor, "schedule step: factor of a fall", above(0, 1)},
       {"final_fraction", &t.final_fraction, "schedule cosine: last rate / first", {0, 1}},
       {"gradient_tolerance",
        &t.gradient_tolerance,
        "stop a seed at this largest gradient entry (full batch); 0: never",
        at_least(0, 1e6)},
       {"plateau_steps",
        &t.plateau_steps,
        "stop a seed whose loss did not fall for so many steps; 0: never",
        at_least(0, 1e9)},
       {"plateau_tolerance", &t.plateau_tolerance, "relative fall that counts", {0, 1}},
       {"divergence_factor",
        &t.divergence_factor,
        "a seed diverged when its loss is so many times the first",
        above(1)},
       {"curve_points", &t.curve_points, "losses kept of each seed", at_least(1, 10'000)},
       {"trajectory_every",
        &t.trajectory_every,
        "keep the parameters every so many steps; 0: never",
        at_least(0, 1e9)}}};
}

Section minima_section(MinimaOptions& m) {
  return {"minima",
          "how endpoints are polished, judged and compared",
          {{"polish_iterations", &m.polish_iterations, "of L-BFGS", at_least(0, 1e8)},
           {"newton_limit", &m.newton_limit, "Newton up to so many parameters",
            at_least(0, 5000)},
           {"newton_iterations", &m.newton_iterations, "of Newton", at_least(0, 1e6)},
           {"gradient_tolerance",
            &m.gradient_tolerance,
            "a critical point has no larger gradient entry",
            above(0, 1)},
           {"dense_limit", &m.dense_limit, "all eigenvalues up to so many parameters",
            at_least(0, 10'000)},
           {"lanczos_steps", &m.lanczos_steps, "for larger networks", at_least(2, 10'000)},
           {"zero_tolerance",
            &m.zero_tolerance,
            "an eigenvalue is zero below this times the largest",
            above(0, 0.1)},
           {"same_parameters", &m.same_parameters, "relative distance of equal points",
            above(0, 1)},
           {"same_function", &m.same_function, "relative distance of equal outputs",
            above(0, 1)},
           {"same_loss", &m.same_loss, "relative distance of equal losses", above(0, 1)}}};
}

}  // namespace

std::vector<Section> describe(Spec& spec) {
  auto& c = spec.compute;
  return {{"",
           "",
           {{"name", &spec.name, "of the run's folder", {}, "[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"},
            {"seed", &spec.seed, "every random number follows from it", at_least(0)}}},
          data_section(spec.data),
          model_section(spec.model),
          loss_section(spec.loss),
          ensemble_section(spec),
          minima_section(spec.minima),
          {"compute",
           "how the work is done",
           {{"dtype", choice(c.dtype, {"float32", "float64"}), "of training"},
            {"device", choice(c.device, {"cpu", "cuda", "auto"}), "where networks run"},
            {"threads", &c.threads, "0: one a core; changes no result", at_least(0, 4096)}}}};
}

std::vector<Field> describe(SliceOptions& s) {
  return {{"name", &s.name, "of the slice", {}, "[A-Za-z0-9_.-]{0,64}"},
          {"kind", choice(s.kind, {"line", "plane"}), "one or two directions"},
          {"directions",
           choice(s.directions, {"random", "filter", "minima", "axes"}),
           "filter: each unit scaled to its own norm; minima: through two or three"},
          {"center", &s.center, "best, zero, or the number of a minimum", {},
           "best|zero|[0-9]{1,6}"},
          {"minima", &s.minima, "directions minima: which; none: 0, 1 (, 2)",
           at_least(0, 1e6)},
          {"axes", &s.axes, "directions axes: layer0.weight[0,0], layer1.bias[2], ..."},
          {"range", &s.range, "of both coordinates: low, high", {-1e6, 1e6}},
          {"points", &s.points, "along each coordinate", at_least(2, 2001)},
          {"draw", &s.draw, "which random directions", at_least(0, 1e6)}};
}

}  // namespace basin
