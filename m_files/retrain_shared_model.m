% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} retrain_shared_model (@var{model}, @var{X}, @var{y})
% @deftypefnx {} {@var{model} =} retrain_shared_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a model with shared weights, trained further so that they stay shared.
%
% @var{model} comes from @code{share_model}: every layer has a codebook.  Zeros stay where they
% are.  @qcode{"update"} says what learns:
%
% @table @asis
% @item @qcode{"centroid"} (default)
% the levels of the codebooks, each by the sum of the gradients of its weights (Han et al. 2015);
% codes stay.
% @item @qcode{"straight_through"}
% a float weight behind each code.  The network predicts with the nearest levels, and their
% gradients go to the float weights as they are; every 20 steps the levels are clustered anew.
% @end table
%
% The other options are those of @code{retrain_model}: @qcode{"loss"}, @qcode{"solver"},
% @qcode{"epochs"}, @qcode{"batch_size"}, @qcode{"learning_rate"}, @qcode{"annealing"},
% @qcode{"weight_decay"}, @qcode{"dropout"}, @qcode{"augment"}, @qcode{"sample_weight"},
% @qcode{"seed"}, @qcode{"progress"} and @qcode{"callback"}.
%
% @example
% @group
% shared = share_model (struct ("W", @{@{[1, 1.1, 0]@}@}), "k", 1);
% tuned = retrain_shared_model (shared, [1; 2; 3], 9, "epochs", 200, "learning_rate", 0.1);
% tuned.W@{1@}(1) == tuned.W@{1@}(2)
%    @result{} 1
% @end group
% @end example
% @seealso{share_model, retrain_model, deep_compress_model}
% @end deftypefn

function model = retrain_shared_model(model, X, y, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'retrain_shared_model';
  options = struct('loss', [], 'update', 'centroid');
  options = parse_options(op, training_defaults(options), varargin);
  shared = model_layers(op, 'MODEL', model);
  if ~all(cellfun(@(layer) isfield(layer, 'codebook'), shared))
    value_error(op, 'MODEL', 'have a codebook in every layer (share_model gives them)');
  end
  check_choice(op, 'UPDATE', options.update, {'centroid', 'straight_through'});
  [layers, view, options] = retraining(op, shared, X, y, options);
  for k = 1:numel(layers)
    layers{k}.mask = shared{k}.weights ~= 0;
  end

  restore = seed_random(options.seed); %#ok
  hooks = no_hooks();
  if strcmp(options.update, 'centroid')
    for k = 1:numel(layers)
      layers{k}.clusters = double(shared{k}.codes) + 1;
    end
    layers = fit(op, start_run(layers), view, options, hooks).layers;
    for k = 1:numel(layers)
      layers{k} = recoded(layers{k}, shared{k});
    end
  else
    for k = 1:numel(layers)
      levels = double(shared{k}.codebook(:));
      layers{k}.levels = levels(levels ~= 0);
      layers{k}.places = find(layers{k}.mask);
    end
    hooks.forward = @(layers) cellfun(@at_levels, layers, 'UniformOutput', false);
    hooks.step = @cluster_anew;
    run = fit(op, start_run(layers), view, options, hooks);
    layers = cellfun(@settled, run.layers, shared, 'UniformOutput', false);
  end
  model = model_like(model, layers);
end

function layer = recoded(layer, shared)
  % A layer with the codebook that its weights have come to: levels may have changed places.
  levels = double(shared.codebook);
  [clusters, first] = unique(layer.clusters(:), 'first');
  levels(clusters) = layer.weights(first);
  [levels, order] = sort(levels);
  rank(order) = 0:numel(levels) - 1;
  layer.codes = cast(reshape(rank(layer.clusters), size(layer.weights)), class(shared.codes));
  layer.codebook = cast(levels, class(layer.weights));
  layer.bits = shared.bits;
  layer.scheme = 'codebook';
  layer = rmfield(layer, 'clusters');
  if ~isfield(shared, 'mask')
    layer = rmfield(layer, 'mask');
  end
end

function layer = at_levels(layer)
  w = reshape(layer.weights(layer.places), [], 1);
  levels = cast(layer.levels, class(w));
  layer.weights(layer.places) = levels(nearest_level(double(w), layer.levels.') + 1);
end

function run = cluster_anew(run, share)
  if mod(run.step, 20) ~= 0
    return
  end
  for k = 1:numel(run.layers)
    layer = run.layers{k};
    w = sort(reshape(double(layer.weights(layer.places)), [], 1));
    run.layers{k}.levels = kmeans_levels(w, layer.levels);
  end
end

function layer = settled(layer, shared)
  % A layer whose weights are where their levels are now.
  layer = at_levels(layer);
  layer.codebook = unique([cast(layer.levels.', class(layer.weights)), ...
                           reshape(layer.weights, 1, [])]);
  layer.codes = level_codes(layer.weights, layer.codebook);
  layer.bits = bits_for(numel(layer.codebook));
  layer.scheme = 'codebook';
  layer = rmfield(layer, {'levels', 'places'});
  if ~isfield(shared, 'mask')
    layer = rmfield(layer, 'mask');
  end
end

%!shared X, T, model, shared
%! X = [0, 1, 0, 1, 0.5; 0, 0, 1, 1, 0.2];
%! T = [0, 1, 1, 0, 0.3];
%! model = train_model(X, T, [2, 10, 1], 'loss', 'mse', 'epochs', 300);
%! shared = share_model(prune_model(model, 'sparsity', 0.3), 'k', 3);
%!test
%! tuned = retrain_shared_model(shared, X, T, 'epochs', 100, 'learning_rate', 0.01);
%! assert(tuned.layers{1}.codes, shared.layers{1}.codes);
%! assert(numel(unique(tuned.layers{1}.weights)), 4);
%! assert(loss_mse(predict_model(tuned, X), T) < loss_mse(predict_model(shared, X), T));
%! assert(tuned.layers{1}.mask, shared.layers{1}.mask);
%!test  % the level moves by the sum of its weights' gradients
%! one = share_model(struct('W', {{[1, 1]}}), 'k', 1);
%! tuned = retrain_shared_model(one, [1; 2], 5, 'solver', 'sgd', 'epochs', 1, ...
%!                              'learning_rate', 0.01);
%! assert(tuned.W{1}, [1, 1] + 0.01 * 2 * (5 - 3) * (1 + 2), 1e-12);
%!test
%! tuned = retrain_shared_model(shared, X, T, 'epochs', 100, 'update', 'straight_through', ...
%!                              'learning_rate', 0.01);
%! assert(numel(unique(tuned.layers{1}.weights)) <= 4);
%! assert(tuned.layers{1}.weights ~= 0, shared.layers{1}.mask);
%! assert(loss_mse(predict_model(tuned, X), T) < loss_mse(predict_model(shared, X), T));
%!error <MODEL must have a codebook in every layer> retrain_shared_model(model, X, T)
%!error <UPDATE must be "centroid" or "straight_through", got "x"> ...
%! retrain_shared_model(shared, X, T, 'update', 'x')
%!error <Invalid call> retrain_shared_model(shared, X)
