% -*- texinfo -*-
% @deftypefn  {} {@var{student} =} distill_model (@var{teacher}, @var{student}, @var{X}, @var{y})
% @deftypefnx {} {@var{student} =} distill_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a small network trained to answer as a large one does.
%
% @var{student} is a model, which is trained further with its masks held, or the sizes of a new
% one, @code{[64, 16, 10]} for instance.  @var{X} is (features x samples); @var{y} is (outputs x
% samples), or @code{[]} with @qcode{"alpha"} 1.  The loss is @code{alpha} times the soft loss plus
% @code{1 - alpha} times the loss on @var{y}: cross-entropy, or the mean squared error where the
% student's last layer is not softmax and @qcode{"loss"} is @qcode{"mse"}.  Options:
%
% @table @asis
% @item @qcode{"loss"}
% The soft loss.  @qcode{"kl"} (default): @code{temperature ^ 2} times the Kullback-Leibler
% divergence of the softened outputs, as in @code{distillation_loss}.  @qcode{"mse"}: the mean
% squared difference of the outputs (before a softmax).
% @item @qcode{"temperature"}
% What @qcode{"kl"} divides the logits by (4).
% @item @qcode{"alpha"}
% Weight of the soft loss, from 0 to 1 (0.5).
% @end table
%
% The other options are those of @code{train_model}: @qcode{"solver"}, @qcode{"epochs"},
% @qcode{"batch_size"}, @qcode{"learning_rate"}, @qcode{"annealing"}, @qcode{"weight_decay"},
% @qcode{"dropout"}, @qcode{"augment"} (the teacher answers for the warped samples),
% @qcode{"sample_weight"}, @qcode{"seed"}, @qcode{"progress"} and @qcode{"callback"}.
%
% @example
% @group
% teacher.W = @{[2, -1]@};
% student = distill_model (teacher, [2, 1], eye (2), [], "loss", "mse", "alpha", 1);
% size (student.layers@{1@}.weights)
%    @result{} 1   2
% @end group
% @end example
% @seealso{soft_targets, distillation_loss, train_model}
% @end deftypefn

function student = distill_model(teacher, student, X, y, varargin)
  if nargin < 4
    print_usage();
  end
  op = 'distill_model';
  options = struct('temperature', 4, 'alpha', 0.5, 'loss', 'kl');
  options = parse_options(op, training_defaults(options), varargin);
  large = model_layers(op, 'TEACHER', teacher);
  features = columns(large{1}.weights);
  outputs = rows(large{end}.weights);
  X = check_samples(op, 'X', X, features);
  check_choice(op, 'LOSS', options.loss, {'kl', 'mse'});
  options.temperature = check_number(op, 'TEMPERATURE', options.temperature, '[0.01, 1000]');
  options.alpha = check_number(op, 'ALPHA', options.alpha, '[0, 1]');
  last = large{end}.activation;
  if isstruct(student)
    small = model_layers(op, 'STUDENT', student);
    options = check_training(op, options, numel(small));
    restore = seed_random(options.seed); %#ok
  else
    sizes = check_layers_list(op, 'STUDENT', student, features);
    options = check_training(op, options, numel(sizes) - 1);
    restore = seed_random(options.seed); %#ok
    if ~strcmp(last, 'softmax')
      last = 'linear';
    end
    student = struct();
    small = initial_layers(sizes, 'relu', last, class(large{1}.weights));
  end
  small = cellfun(@held_layer, small, 'UniformOutput', false);
  type = class(small{1}.weights);
  if columns(small{1}.weights) ~= features
    value_error(op, 'STUDENT', sprintf('take %d features', features), ...
                sprintf('%d', columns(small{1}.weights)));
  end
  if rows(small{end}.weights) ~= outputs
    value_error(op, 'STUDENT', sprintf('have %d outputs', outputs), ...
                sprintf('%d', rows(small{end}.weights)));
  end
  if isempty(y) && options.alpha == 1
    y = zeros(outputs, columns(X));
  end
  y = check_targets(op, 'Y', y, outputs, columns(X), type);
  X = check_cast(op, 'X', X, type);
  weight = training_weight(op, options.sample_weight, y);
  objective_of = @(x) soft_objective(op, large, small{end}.activation, x, y, weight, options);
  student = model_like(student, trained(op, small, X, objective_of, options));
end

%!shared teacher, X, T
%! X = [0, 1, 0, 1, 0.5; 0, 0, 1, 1, 0.5];
%! T = [1, 0, 0, 1, 1; 0, 1, 1, 0, 0];
%! teacher = train_model(X, T, [2, 16, 2], 'epochs', 200, 'learning_rate', 0.02);
%!test
%! student = distill_model(teacher, [2, 8, 2], X, T, 'epochs', 200, 'alpha', 0.9, ...
%!                         'learning_rate', 0.02);
%! assert(accuracy(predict_model(student, X), T), 1);
%! assert(student.layers{2}.activation, 'softmax');
%!test
%! copy = distill_model(teacher, teacher, X, [], 'alpha', 1, 'epochs', 1);
%! assert(copy.layers{1}.weights, teacher.layers{1}.weights, 1e-3);
%!test
%! line.W = {[2, -1]};
%! line.b = {0.5};
%! student = distill_model(line, [2, 1], X, [], 'loss', 'mse', 'alpha', 1, ...
%!                         'epochs', 600, 'learning_rate', 0.02);
%! assert(student.layers{1}.weights, [2, -1], 0.01);
%! assert(student.layers{1}.bias, 0.5, 0.01);
%!error <STUDENT must have 2 outputs, got 3> distill_model(teacher, [2, 3], X, T)
%!error <STUDENT must begin with the number of features, 2, got 4> ...
%! distill_model(teacher, [4, 2], X, T)
%!error <Y must have 2 outputs and 5 samples, got 0 and 0> distill_model(teacher, [2, 2], X, [])
%!error <ALPHA must be in \[0, 1\], got 2> distill_model(teacher, [2, 2], X, T, 'alpha', 2)
