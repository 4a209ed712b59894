% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} optimize (@var{model}, "loss", @var{loss})
% @deftypefnx {} {@var{model} =} optimize (@dots{}, "max_iterations", @var{max_iterations})
% Return a model whose weights and biases minimise a function of the model.
%
% The deep-learning article's call, with one change: @var{loss} is a function handle, not a
% number.  A number has been computed already, and no weight can change it.
% @code{@var{loss} (@var{model})} gives the value, or @code{[@var{value}, @var{gradient}]} with a
% gradient in the shape of @var{model}, as from @code{gradient_model}; without one, differences
% of values stand in, at the cost of one call a weight.  A second output that is no struct is not
% a gradient and is ignored.
%
% @code{fminunc} does the work, in double precision and in @var{max_iterations} steps at most
% (400).  As in @code{retrain_model}, connections that a mask forbids, or without a mask those
% whose weight is zero, stay zero; codes and input ranges of an earlier quantization no longer
% fit and are dropped.  The result has the shape of @var{model}: assign it, the argument itself
% does not change.
%
% @example
% @group
% large.W = @{[2, -1]@};
% small.W = @{[1, 1]@};
% target = predict_model (large, eye (2));
% small = optimize (small, "loss", @@(model) mse (predict_model (model, eye (2)), target));
% round (small.W@{1@} + small.b@{1@})
%    @result{} 2  -1
% @end group
% @end example
% @seealso{distill_model, mse, gradient_model, fminunc}
% @end deftypefn

function model = optimize(model, varargin)
  if nargin < 3 || mod(nargin, 2) == 0 || ~iscellstr(varargin(1:2:end))
    print_usage();
  end
  options = struct('loss', [], 'max_iterations', 400);
  for k = 1:2:numel(varargin)
    if ~isfield(options, varargin{k})
      error('octave_compress:value', ...
            'optimize: options must be of loss, max_iterations, got "%s"', varargin{k});
    end
    options.(varargin{k}) = varargin{k + 1};
  end
  if ~is_function_handle(options.loss)
    error('octave_compress:type', ...
          ['optimize: LOSS must be a function handle, not a value: what has been computed no ', ...
           'longer depends on the weights; pass @(model) mse(predict_model(model, X), target)']);
  end
  iterations = options.max_iterations;
  if ~(isnumeric(iterations) && isscalar(iterations) && iterations >= 1 && ...
       iterations == fix(iterations))
    error('octave_compress:value', ...
          'optimize: MAX_ITERATIONS must be a whole number in [1, Inf)');
  end

  [model, free] = ready(model);
  arrays = parameters(model);
  type = class(arrays{1});
  vector = flat(arrays);
  model = with_parameters(model, vector, 'double');
  settings = optimset('MaxIter', iterations, 'GradObj', 'off');
  if gives_gradient(options.loss, model)
    settings.GradObj = 'on';
  end
  objective = @(x) value_at(x, model, free, options.loss);
  vector(free) = fminunc(objective, vector(free), settings);
  model = with_parameters(model, vector, type);
end

function [model, free] = ready(model)
  % MODEL as retraining would begin with it, and which elements of its parameters may change.
  arrays = parameters(prune_model(model, 'threshold', 0));
  inputs = columns(arrays{1});
  outputs = numel(arrays{end});
  model = retrain_model(model, zeros(inputs, 1), zeros(outputs, 1), 'epochs', 0);
  % Pruning below zero removes nothing, and gives every layer a mask.
  masked = prune_model(model, 'threshold', 0);
  if isfield(masked, 'layers')
    masks = cellfun(@(layer) layer.mask, masked.layers, 'UniformOutput', false);
    biases = cellfun(@(layer) true(size(layer.bias)), masked.layers, 'UniformOutput', false);
  else
    masks = masked.mask;
    biases = cellfun(@(bias) true(size(bias)), masked.b, 'UniformOutput', false);
  end
  free = logical(flat([masks, biases]));
end

function arrays = parameters(model)
  % All weight matrices, and after them all biases.
  if isfield(model, 'layers')
    weights = cellfun(@(layer) layer.weights, model.layers, 'UniformOutput', false);
    biases = cellfun(@(layer) layer.bias, model.layers, 'UniformOutput', false);
  else
    weights = model.W;
    biases = model.b;
  end
  arrays = [reshape(weights, 1, []), reshape(biases, 1, [])];
end

function model = with_parameters(model, vector, type)
  % MODEL with the elements of VECTOR for its parameters, in the class TYPE.
  arrays = parameters(model);
  count = numel(arrays) / 2;
  last = 0;
  for k = 1:numel(arrays)
    values = vector(last + 1:last + numel(arrays{k}));
    arrays{k} = cast(reshape(values, size(arrays{k})), type);
    last = last + numel(values);
  end
  for k = 1:count
    if isfield(model, 'layers')
      model.layers{k}.weights = arrays{k};
      model.layers{k}.bias = arrays{count + k};
    else
      model.W{k} = arrays{k};
      model.b{k} = arrays{count + k};
    end
  end
end

function vector = flat(arrays)
  columns_of = cellfun(@(array) double(array(:)), arrays, 'UniformOutput', false);
  vector = vertcat(columns_of{:});
end

function given = gives_gradient(loss, model)
  % Whether LOSS has a gradient as its second output; also checks what it returns.
  try
    [value, gradient] = loss(model);
    given = isstruct(gradient);
  catch failure
    % Octave has a sentence of its own for each kind of function that has no second output.
    if isempty(regexp(failure.message, ['called with too many outputs|', ...
                                        'element number 2 undefined|', ...
                                        'invalid number of output arguments'], 'once'))
      rethrow(failure);
    end
    value = loss(model);
    given = false;
  end
  if ~(isnumeric(value) && isscalar(value) && isreal(value) && isfinite(value))
    error('octave_compress:type', 'optimize: LOSS must return a finite real number');
  end
  if given && ~has_shape_of(gradient, model)
    error('octave_compress:value', 'optimize: the gradient of LOSS must have the shape of MODEL');
  end
end

function same = has_shape_of(gradient, model)
  try
    sizes = @(arrays) cellfun(@size, arrays, 'UniformOutput', false);
    same = isequal(sizes(parameters(gradient)), sizes(parameters(model)));
  catch
    same = false;  % a layer or a field is missing
  end
end

function [value, slope] = value_at(x, model, free, loss)
  % What fminunc minimises: LOSS as a function of the parameters that may change.
  vector = zeros(size(free));
  vector(free) = x;
  model = with_parameters(model, vector, 'double');
  if nargout < 2
    value = double(loss(model));
  else
    [value, gradient] = loss(model);
    value = double(value);
    slope = flat(parameters(gradient));
    slope = slope(free);
  end
end

%!shared X, target, small
%! X = [0, 1, 0, 1, 0.5; 0, 0, 1, 1, 0.2];
%! target = [2, -1] * X + 0.5;
%! small.W = {[1, 1]};
%!test  % without a gradient
%! tuned = optimize(small, 'loss', @(model) mse(predict_model(model, X), target));
%! assert(tuned.W{1}, [2, -1], 1e-4);
%! assert(tuned.b{1}, 0.5, 1e-4);
%! assert(~isfield(tuned, 'layers'));
%!test  % with one, and the other shape
%! large = train_model(X, target, [2, 6, 1], 'loss', 'mse', 'epochs', 0);
%! loss = @(model) gradient_model(model, X, target, 'loss', 'mse');
%! tuned = optimize(large, 'loss', loss);
%! assert(size(tuned.layers{1}.weights), [6, 2]);
%! assert(loss(tuned) < 1e-6);
%! assert(loss(large) > 0.1);
%!test  % the second output of loss_mse is no gradient for the weights
%! tuned = optimize(small, 'loss', @(model) loss_mse(predict_model(model, X), target));
%! assert(tuned.W{1}, [2, -1], 1e-4);
%!test  % a sum has no second output, and Octave says so in other words
%! tuned = optimize(small, 'loss', @(model) sum((model.W{1} - 3) .^ 2) + model.b{1} ^ 2);
%! assert(tuned.W{1}, [3, 3], 1e-4);
%!test  % masks hold, and so do zeros without a mask
%! wide.W = {[1, 0, 0.5]};
%! wide.mask = {logical([1, 0, 1])};
%! loss = @(model) sum((model.W{1} - 3) .^ 2);
%! assert(optimize(wide, 'loss', loss).W{1}, [3, 0, 3], 1e-4);
%! assert(optimize(rmfield(wide, 'mask'), 'loss', loss).W{1}, [3, 0, 3], 1e-4);
%! wide.W = {[1, 7, 0]};
%! assert(optimize(wide, 'loss', loss).W{1}, [3, 0, 3], 1e-4);
%!test
%! short = struct('W', {{single([1, 1])}});
%! loss = @(model) mse(predict_model(model, X), target);
%! tuned = optimize(short, 'loss', loss);
%! assert(class(tuned.W{1}), 'single');
%! assert(tuned.W{1}, single([2, -1]), 1e-4);
%! assert(loss(optimize(small, 'max_iterations', 1, 'loss', loss)) > 1e-3);
%!error <LOSS must be a function handle, not a value> optimize(small, 'loss', 0.25)
%!error <LOSS must be a function handle> optimize(small, 'max_iterations', 3)
%!error <options must be of loss, max_iterations, got "los"> optimize(small, 'los', @sum)
%!error <MAX_ITERATIONS must be a whole number> optimize(small, 'loss', @sum, 'max_iterations', 0)
%!error <LOSS must return a finite real number> optimize(small, 'loss', @(model) [1, 2])
%!error <gradient of LOSS must have the shape of MODEL> ...
%! optimize(small, 'loss', @(model) deal(1, struct('W', {{1}}, 'b', {{0}})))
%!error <gradient of LOSS must have the shape of MODEL> ...
%! optimize(small, 'loss', @(model) deal(1, struct('W', {{[0, 0]}})))
%!error <MODEL must be a model> optimize(3, 'loss', @(model) 1)
%!error <no such thing> optimize(small, 'loss', @(model) error('no such thing'))
%!error <Invalid call> optimize(small, 'loss')
%!error <Invalid call> optimize(small, 3, @sum)
