% -*- texinfo -*-
% @deftypefn  {} {@var{accuracies} =} sensitivity_model (@var{model}, @var{X}, @var{y})
% @deftypefnx {} {@var{accuracies} =} sensitivity_model (@dots{}, "sparsity", @var{sparsity})
% Return how accurate a model stays with one layer at a time pruned, (layers x sparsities).
%
% Row @code{i}, column @code{j} is the share of the samples in @var{X} (features x samples) whose
% class, of the targets @var{y} (outputs x samples), the model still finds when the weights of
% layer @code{i} are pruned as @code{prune_magnitude} does to @code{@var{sparsity}(j)}; the other
% layers stay as they are.  @var{sparsity} is a vector (default
% @code{[0.5, 0.6, 0.7, 0.8, 0.9, 0.95]}).  A layer whose row falls early should keep more.
%
% @example
% @group
% model.W = @{eye(2), [1, 0; 0.2, 1]@};
% sensitivity_model (model, eye (2), eye (2), "sparsity", [0.25, 1])
%    @result{} 1.0000   0.5000
%       1.0000   0.5000
% @end group
% @end example
% @seealso{prune_model, prune_magnitude, accuracy}
% @end deftypefn

function accuracies = sensitivity_model(model, X, y, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'sensitivity_model';
  options = struct('sparsity', [0.5, 0.6, 0.7, 0.8, 0.9, 0.95]);
  options = parse_options(op, options, varargin);
  layers = model_layers(op, 'MODEL', model);
  outputs = rows(layers{end}.weights);
  if outputs == 1
    value_error(op, 'MODEL', 'have 2 outputs or more', '1');
  end
  X = check_samples(op, 'X', X, columns(layers{1}.weights), class(layers{1}.weights));
  y = check_targets(op, 'Y', y, outputs, columns(X));
  sparsity = check_matrix(op, 'SPARSITY', options.sparsity);
  arrayfun(@(value) check_number(op, 'SPARSITY', value, '[0, 1]'), sparsity);
  inputs = X;
  accuracies = zeros(numel(layers), numel(sparsity));
  for i = 1:numel(layers)
    for j = 1:numel(sparsity)
      pruned = layers{i};
      pruned.weights = prune_magnitude(pruned.weights, sparsity(j));
      accuracies(i, j) = accuracy(forward([{pruned}, layers(i + 1:end)], inputs), y);
    end
    inputs = forward(layers(i), inputs);
  end
end

%!shared model, X, T
%! model = struct('W', {{[1, 0; 0, 1], [1, 0; 0.2, 1]}});
%! X = eye(2);
%! T = eye(2);
%!assert(sensitivity_model(model, X, T, 'sparsity', [0.25, 1]), [1, 0.5; 1, 0.5])
%!test
%! shares = sensitivity_model(model, X, T);
%! sparsity = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
%! for j = 1:6
%!   pruned = prune_model(model, 'sparsity', [0, sparsity(j)]);
%!   assert(shares(2, j), accuracy(predict_model(pruned, X), T));
%! end
%!assert(sensitivity_model(model, X, T, 'sparsity', []), zeros(2, 0))
%!error <MODEL must have 2 outputs or more, got 1> sensitivity_model(struct('W', {{1}}), 1, 1)
%!error <SPARSITY must be in \[0, 1\], got 2> sensitivity_model(model, X, T, 'sparsity', [0, 2])
%!error <X must have 2 features, got 3> sensitivity_model(model, ones(3, 1), [1; 0])
%!error <Invalid call> sensitivity_model(model)
