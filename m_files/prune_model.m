% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} prune_model (@var{model}, "threshold", @var{threshold})
% @deftypefnx {} {@var{model} =} prune_model (@var{model}, "rate", @var{rate})
% @deftypefnx {} {@var{model} =} prune_model (@var{model}, "sparsity", @var{sparsity})
% @deftypefnx {} {@var{model} =} prune_model (@var{model}, "quality", @var{quality})
% @deftypefnx {} {@var{model} =} prune_model (@dots{}, "scope", @var{scope}, "unit", @var{unit})
% Return a model without its least important connections or neurons.
%
% Exactly one of @var{threshold}, @var{rate}, @var{sparsity} and @var{quality} says how much goes,
% as in @code{prune_threshold}, @code{prune_relative}, @code{prune_magnitude} and
% @code{prune_quality}; a vector gives one value a layer.
%
% @var{scope} is where weights compete: @qcode{"layer"} (default), @qcode{"global"}, or, with
% @var{rate}, @qcode{"column"} (see @code{prune_relative}).
%
% @var{unit} is @qcode{"connection"} (default) or @qcode{"neuron"}.  Connections that go become
% zeros and are noted in the field @code{mask} of each layer, which @code{retrain_model} holds.
% Neurons go from hidden layers and leave smaller matrices; the criterion, which is not
% @var{quality}, applies to the norms of their rows, and at least one stays in each layer.  What a
% neuron without inputs would still send on, its activation of the bias, moves into the next
% layer's bias.
%
% @var{model} may be of either shape, and the result has the same one.
%
% @example
% @group
% small = prune_model (struct ("W", @{@{[1, 0.1]@}@}), "sparsity", 0.5);
% small.W@{1@}
%    @result{} 1   0
% @end group
% @end example
% @seealso{prune_magnitude, prune_neurons, sensitivity_model, retrain_model}
% @end deftypefn

function model = prune_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'prune_model';
  options = struct('threshold', [], 'rate', [], 'sparsity', [], 'quality', [], ...
                   'scope', 'layer', 'unit', 'connection');
  options = parse_options(op, options, varargin);
  names = {'threshold', 'rate', 'sparsity', 'quality'};
  rule.criterion = check_one_of(op, options, names);
  rule.scope = check_choice(op, 'SCOPE', options.scope, {'layer', 'global', 'column'});
  unit = check_choice(op, 'UNIT', options.unit, {'connection', 'neuron'});
  if strcmp(rule.scope, 'column') && ...
      ~(strcmp(rule.criterion, 'rate') && strcmp(unit, 'connection'))
    value_error(op, 'SCOPE', 'be "column" only with RATE and connections');
  end
  if strcmp(rule.criterion, 'quality') && strcmp(unit, 'neuron')
    value_error(op, 'UNIT', 'be "connection" with QUALITY');
  end
  layers = cellfun(@plain_layer, model_layers(op, 'MODEL', model), 'UniformOutput', false);
  amount = options.(rule.criterion);
  if strcmp(unit, 'connection')
    weights = cellfun(@(layer) layer.weights, layers, 'UniformOutput', false);
    keep = decide(op, weights, rule, amount);
    for k = 1:numel(layers)
      layers{k} = mask_layer(layers{k}, keep{k});
    end
  else
    norms = cellfun(@(layer) row_norms(layer.weights), layers(1:end - 1), 'UniformOutput', false);
    keep = decide(op, norms, rule, amount);
    for k = 1:numel(keep)
      if ~any(keep{k})
        [~, best] = max(norms{k});
        keep{k}(best) = true;
      end
      [layers{k}, layers{k + 1}] = remove_neurons(op, layers{k}, layers{k + 1}, keep{k});
    end
  end
  model = model_like(model, layers);
end

function keep = decide(op, scores, rule, amount)
  % What stays of each matrix of scores, by their magnitudes.
  argument = upper(rule.criterion);
  intervals = struct('threshold', '[0, Inf]', 'rate', '[0, 1]', 'sparsity', '[0, 1]', ...
                     'quality', '[0, Inf)');
  interval = intervals.(rule.criterion);
  if numel(amount) ~= 1 && (~strcmp(rule.scope, 'layer') || numel(amount) ~= numel(scores))
    value_error(op, argument, sprintf('have 1 or, by layer, %d values', numel(scores)), ...
                sprintf('%d', numel(amount)));
  end
  values = zeros(1, numel(amount));
  for k = 1:numel(amount)
    values(k) = check_number(op, argument, amount(k), interval);
  end
  keep = cell(1, numel(scores));
  if strcmp(rule.scope, 'global')
    joined = cellfun(@(score) score(:), scores, 'UniformOutput', false);
    kept = stay(vertcat(joined{:}), rule, values);
    last = 0;
    for k = 1:numel(scores)
      keep{k} = reshape(kept(last + 1:last + numel(scores{k})), size(scores{k}));
      last = last + numel(scores{k});
    end
    return
  end
  for k = 1:numel(scores)
    keep{k} = stay(scores{k}, rule, values(min(k, numel(values))));
  end
end

function keep = stay(score, rule, value)
  switch rule.criterion
    case 'threshold'
      [~, keep] = prune_threshold(score, value);
    case 'rate'
      scope = 'layer';
      if strcmp(rule.scope, 'column')
        scope = 'column';
      end
      [~, keep] = prune_relative(score, value, 'scope', scope);
    case 'sparsity'
      [~, keep] = prune_magnitude(score, value);
    case 'quality'
      [~, keep] = prune_quality(score, value);
  end
end

function layer = plain_layer(layer)
  % Float weights without codes; a connection that an earlier mask forbids is the zero that it is.
  layer = forget_range(forget_codes(layer));
  if isfield(layer, 'mask')
    layer.weights(~layer.mask) = 0;
  end
end

function layer = mask_layer(layer, mask)
  if isfield(layer, 'mask')
    mask = mask & layer.mask;
  end
  layer.mask = mask;
  layer.weights(~mask) = 0;
end

function [layer, following] = remove_neurons(op, layer, following, keep)
  % Both layers without the neurons that go; a constant that they send moves into the next bias.
  if strcmp(layer.activation, 'softmax')
    value_error(op, 'UNIT', 'be "connection" for a model with a hidden softmax layer');
  end
  following = fold_neurons(layer, following, find(~keep));
  [layer, following] = select_neurons(layer, following, find(keep));
end

%!shared model
%! model.W = {[1, -2; 0.1, 3; 0, 0.2], [4, 0.3, 5]};
%! model.b = {[0; 0; 2], 1};
%!test
%! pruned = prune_model(model, 'threshold', 1);
%! assert(pruned.W, {[1, -2; 0, 3; 0, 0], [4, 0, 5]});
%! assert(pruned.mask{1}, logical([1, 1; 0, 1; 0, 0]));
%!test
%! pruned = prune_model(model, 'sparsity', [0.5, 0]);
%! assert(pruned.W, {[1, -2; 0, 3; 0, 0], [4, 0.3, 5]});
%!test
%! pruned = prune_model(model, 'quality', 0.5);
%! assert(pruned.W{1} ~= 0, abs(model.W{1}) >= 0.5 * std([1, 0.1, -2, 3, 0.2]));
%!test
%! pruned = prune_model(model, 'rate', 0.5, 'scope', 'global');
%! assert(pruned.W, {[0, 0; 0, 3; 0, 0], [4, 0, 5]});
%!test
%! pruned = prune_model(model, 'rate', 0.5, 'scope', 'column');
%! assert(pruned.W, {[1, -2; 0, 3; 0, 0], [4, 0, 5]});
%!test
%! small = prune_model(model, 'sparsity', 1 / 3, 'unit', 'neuron');
%! assert(small.W, {[1, -2; 0.1, 3], [4, 0.3]});
%! assert(small.b, {[0; 0], 11});
%!test
%! dead = model;
%! dead.W{1}(3, :) = 0;
%! small = prune_model(dead, 'threshold', 1e-9, 'unit', 'neuron');
%! X = [1, -1, 0.3; 0.5, 2, 0];
%! assert(size(small.W{1}), [2, 2]);
%! assert(predict_model(small, X), predict_model(dead, X), 4 * eps);
%!test
%! twice = prune_model(prune_model(model, 'threshold', 1), 'threshold', 0);
%! assert(twice.mask{1}, logical([1, 1; 0, 1; 0, 0]));
%!test
%! layered.layers = {struct('weights', [1, 0.1], 'note', 'kept')};
%! pruned = prune_model(layered, 'sparsity', 0.5);
%! assert(pruned.layers{1}.weights, [1, 0]);
%! assert(pruned.layers{1}.note, 'kept');
%!error <UNIT must be "connection" with QUALITY> prune_model(model, 'quality', 1, 'unit', 'neuron')
%!error <one of THRESHOLD, RATE, SPARSITY and QUALITY must be given, got 0> prune_model(model)
%!error <one of THRESHOLD, RATE, SPARSITY and QUALITY must be given, got 2> ...
%! prune_model(model, 'rate', 0.1, 'sparsity', 0.1)
%!error <SPARSITY must have 1 or, by layer, 2 values, got 3> ...
%! prune_model(model, 'sparsity', [1, 1, 1])
%!error <SPARSITY must be in \[0, 1\], got 1.5> prune_model(model, 'sparsity', 1.5)
%!error <SCOPE must be "column" only with RATE> prune_model(model, 'sparsity', 1, 'scope', 'column')
