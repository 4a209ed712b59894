% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} train_model (@var{X}, @var{y}, @var{layers})
% @deftypefnx {} {@var{model} =} train_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a dense network trained on samples.
%
% @var{X} is (features x samples), @var{y} is (outputs x samples), and @var{layers} holds the
% sizes from the input to the output, @code{[64, 32, 10]} for instance.  Options:
%
% @table @asis
% @item @qcode{"activation"}
% Of the hidden layers: @qcode{"relu"} (default), @qcode{"sigmoid"}, @qcode{"tanh"} or
% @qcode{"linear"}.
% @item @qcode{"loss"}
% @qcode{"crossentropy"} (default; the last layer is softmax) or @qcode{"mse"} (it is linear).
% @item @qcode{"solver"}
% @qcode{"adam"} (default) or @qcode{"sgd"}, with momentum 0.9.
% @item @qcode{"epochs"}, @qcode{"batch_size"}
% Passes over the data (100) and samples a step (32).
% @item @qcode{"learning_rate"}
% Step size; 0.001 for adam and 0.01 for sgd.
% @item @qcode{"annealing"}
% @qcode{"none"} (default), or @qcode{"cosine"}: the step size falls to zero along half a
% cosine.
% @item @qcode{"weight_decay"}
% Each step also takes the learning rate times this from every weight (0): decoupled decay.
% @item @qcode{"dropout"}
% Share of values left out at random in front of each layer but the first, or one share a layer
% (0); those that stay are divided by the rest of 1.
% @item @qcode{"augment"}
% Struct of the options of @code{warp_images}, with which every epoch meets the samples warped
% anew; none by default.
% @item @qcode{"sample_weight"}
% One non-negative number a sample; scaled to a mean of 1.
% @item @qcode{"seed"}
% Of the first weights and of the order of samples (0).  The states of your own @code{rand} and
% @code{randn} are put back (those of the default generator, the twister).
% @item @qcode{"dtype"}
% @qcode{"double"} (default) or @qcode{"single"}.
% @item @qcode{"progress"}
% Whether to print a line that tells epoch and loss (false).
% @item @qcode{"callback"}
% Function called after each epoch with a struct of @code{epoch}, @code{epochs} and
% @code{loss}; training stops if it gives true.
% @end table
%
% The result has the field @code{layers}: cells of structs with @code{type}, @code{weights}
% (out x in), @code{bias} and @code{activation}.
%
% @example
% @group
% model = train_model ([0, 1, 0, 1; 0, 0, 1, 1], [0, 1, 1, 0], [2, 8, 1], "loss", "mse");
% round (predict_model (model, [0; 1]))
%    @result{} 1
% @end group
% @end example
% @seealso{retrain_model, predict_model, distill_model}
% @end deftypefn

function model = train_model(X, y, layers, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'train_model';
  options = struct('activation', 'relu', 'loss', 'crossentropy', 'dtype', 'double');
  options = parse_options(op, training_defaults(options), varargin);
  X = check_matrix(op, 'X', X);
  check_not_empty(op, 'X', X);
  sizes = check_layers_list(op, 'LAYERS', layers, rows(X));
  y = check_targets(op, 'Y', y, sizes(end), columns(X));
  check_choice(op, 'ACTIVATION', options.activation, {'relu', 'sigmoid', 'tanh', 'linear'});
  check_choice(op, 'LOSS', options.loss, {'crossentropy', 'mse'});
  if strcmp(options.loss, 'crossentropy') && sizes(end) == 1
    % The softmax of one output is always 1.
    value_error(op, 'LOSS', 'be "mse" for one output', '"crossentropy"');
  end
  check_choice(op, 'DTYPE', options.dtype, {'double', 'single'});
  options = check_training(op, options, numel(sizes) - 1);
  X = check_cast(op, 'X', X, options.dtype);
  y = check_cast(op, 'Y', y, options.dtype);
  weight = training_weight(op, options.sample_weight, y);
  last = 'linear';
  if strcmp(options.loss, 'crossentropy')
    last = 'softmax';
  end

  restore = seed_random(options.seed); %#ok
  untrained = initial_layers(sizes, options.activation, last, options.dtype);
  objective = batch_objective(options.loss, last, y, weight);
  model = struct();
  model.layers = trained(op, untrained, X, @(x) objective, options);
end

%!shared X, T
%! X = [0, 1, 0, 1; 0, 0, 1, 1];
%! T = [0, 1, 1, 0];
%!test
%! model = train_model(X, T, [2, 8, 1], 'loss', 'mse', 'epochs', 400, 'learning_rate', 0.02);
%! assert(predict_model(model, X), T, 0.05);
%!test
%! model = train_model(X, [1 - T; T], [2, 8, 2], 'epochs', 0, 'seed', 3, 'dtype', 'single');
%! assert(class(model.layers{1}.weights), 'single');
%! assert(model.layers{2}.activation, 'softmax');
%! assert(size(model.layers{2}.weights), [2, 8]);
%!test
%! rand('twister', 7);
%! before = rand('twister');
%! train_model(X, T, [2, 2, 1], 'loss', 'mse', 'epochs', 1);
%! assert(rand('twister'), before);
%!test
%! seen = train_model(X, T, [2, 2, 1], 'loss', 'mse', 'callback', @(info) info.epoch == 1);
%! once = train_model(X, T, [2, 2, 1], 'loss', 'mse', 'epochs', 1);
%! assert(seen, once);
%!test
%! heavy = train_model(X, T, [2, 4, 1], 'loss', 'mse', 'sample_weight', [2, 2, 2, 2]);
%! assert(heavy, train_model(X, T, [2, 4, 1], 'loss', 'mse'));
%!error <X must not be empty> train_model(zeros(2, 0), zeros(1, 0), [2, 1])
%!error <Y must have 1 outputs and 4 samples, got 1 and 3> train_model(X, [0, 1, 1], [2, 1])
%!error <got 1 and 4: for class numbers from 1 write \(1:2\).' == y\(:\).'> ...
%! train_model(X, [1, 2, 2, 1], [2, 2])
%!error <got 4 and 1: for class numbers from 1 write \(1:2\).' == y\(:\).'> ...
%! train_model(X, [1; 2; 2; 1], [2, 2])
%!test  % what the error says to write trains
%! y = [1, 2, 2, 1];
%! model = train_model(X, (1:2).' == y(:).', [2, 2], 'epochs', 2);
%! same = train_model(X, [1, 0, 0, 1; 0, 1, 1, 0], [2, 2], 'epochs', 2);
%! assert(isequal(model, same));
%!error <X must be in .* the range of 32-bit floats, got -1e\+39> ...
%! train_model(-1e39 - X * 1e39, T, [2, 1], 'loss', 'mse', 'dtype', 'single')
%!error <LAYERS must begin with the number of features, 2, got 3> train_model(X, T, [3, 1])
%!error <SOLVER must be "adam" or "sgd", got "lbfgs"> ...
%! train_model(X, T, [2, 1], 'loss', 'mse', 'solver', 'lbfgs')
%!error <LEARNING_RATE must be in \(0, Inf\), got 0> ...
%! train_model(X, T, [2, 1], 'loss', 'mse', 'learning_rate', 0)
%!error <LOSS must be "mse" for one output, got "crossentropy"> train_model(X, T, [2, 1])
%!error <LEARNING_RATE must be smaller: training diverges in epoch> ...
%! train_model(X, T, [2, 4, 1], 'loss', 'mse', 'solver', 'sgd', 'learning_rate', 1e200);

%!demo
%! % A small network learns a curve.
%! if have_window_system()
%!   x = linspace(-1, 1, 80);
%!   model = train_model(x, x .^ 2, [1, 8, 1], 'loss', 'mse', 'epochs', 300);
%!   plot(x, x .^ 2, ':', x, predict_model(model, x), '-');
%!   legend('curve', 'network');
%! end
