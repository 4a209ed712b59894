% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} gradual_prune_model (@var{model}, @var{X}, @var{y}, @var{sparsity})
% @deftypefnx {} {@var{model} =} gradual_prune_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a model trained further while more and more of its connections go.
%
% In 100 rounds the sparsity rises along the cubic schedule of Zhu and Gupta 2017 to
% @var{sparsity}, one number or, with scope @qcode{"layer"}, one a layer.  In each round the
% connections of smallest magnitude go; the mask of the result says which stay.  Options:
%
% @table @asis
% @item @qcode{"scope"}
% Where weights compete: in their @qcode{"layer"} (default) or @qcode{"global"}, in the network.
% @item @qcode{"initial_sparsity"}
% Where the schedule begins (0).
% @item @qcode{"until"}
% Share of the training after which no connection goes any more (0.75).
% @item @qcode{"regrow"}
% Whether a connection can come back (false).  Its weight then goes on learning out of sight, and
% every round takes the largest of all (dynamic network surgery, Guo et al. 2016).
% @item @qcode{"locality"}
% How much the cost of coding a position counts beside the magnitude (0), see
% @code{deep_compress_model}.
% @end table
%
% The other options are those of @code{retrain_model}: @qcode{"loss"}, @qcode{"solver"},
% @qcode{"epochs"}, @qcode{"batch_size"}, @qcode{"learning_rate"}, @qcode{"annealing"},
% @qcode{"weight_decay"}, @qcode{"dropout"}, @qcode{"augment"}, @qcode{"sample_weight"},
% @qcode{"seed"}, @qcode{"progress"} and @qcode{"callback"}.
%
% @example
% @group
% model.W = @{[3, 1, 0.1, 2]@};
% pruned = gradual_prune_model (model, eye (4), ones (1, 4), 0.5, "epochs", 5);
% nnz (pruned.W@{1@})
%    @result{} 2
% @end group
% @end example
% @seealso{prune_model, retrain_model, sparsity_schedule, deep_compress_model}
% @end deftypefn

function model = gradual_prune_model(model, X, y, sparsity, varargin)
  if nargin < 4
    print_usage();
  end
  op = 'gradual_prune_model';
  options = struct('loss', [], 'scope', 'layer', 'initial_sparsity', 0, 'until', 0.75, ...
                   'regrow', false, 'locality', 0);
  options = parse_options(op, training_defaults(options), varargin);
  layers = model_layers(op, 'MODEL', model);
  count = numel(layers);
  scope = check_choice(op, 'SCOPE', options.scope, {'layer', 'global'});
  if strcmp(scope, 'global')
    final = check_number(op, 'SPARSITY', sparsity, '[0, 1]');
  else
    final = check_per_layer(op, 'SPARSITY', sparsity, count, ...
                            @(value) check_number(op, 'SPARSITY', value, '[0, 1]'));
  end
  initial = check_number(op, 'INITIAL_SPARSITY', options.initial_sparsity, '[0, 1]');
  plan = struct('initial', min(initial, final), 'final', final, 'rounds', 100, ...
                'until', check_number(op, 'UNTIL', options.until, '(0, 1]'), ...
                'locality', check_number(op, 'LOCALITY', options.locality, '[0, Inf)'), ...
                'scope', scope, 'regrow', check_flag(op, 'REGROW', options.regrow));
  [layers, view, options] = retraining(op, layers, X, y, options);
  layers = all_masked(layers);
  hooks = no_hooks();
  hooks.step = @(run, share) prune_round(run, share, plan);
  if plan.regrow
    layers = cellfun(@open_layer, layers, 'UniformOutput', false);
    hooks.forward = @(layers) cellfun(@gated_layer, layers, 'UniformOutput', false);
  end

  restore = seed_random(options.seed); %#ok
  run = fit(op, start_run(layers), view, options, hooks);
  layers = prune_round(run, 1, plan).layers;
  if plan.regrow
    layers = cellfun(@closed_layer, layers, 'UniformOutput', false);
  end
  model = model_like(model, layers);
end

function layer = open_layer(layer)
  % A layer whose mask is a gate: what it stops learns on.
  layer.gate = layer.mask;
  layer = rmfield(layer, 'mask');
end

function layer = gated_layer(layer)
  layer.weights = layer.weights .* layer.gate;
end

function layer = closed_layer(layer)
  layer.mask = layer.gate;
  layer.weights(~layer.mask) = 0;
  layer = rmfield(layer, 'gate');
end

%!shared model, X, T
%! X = [0, 1, 0, 1, 0.5; 0, 0, 1, 1, 0.2];
%! T = [0, 1, 1, 0, 0.3];
%! model = train_model(X, T, [2, 10, 1], 'loss', 'mse', 'epochs', 50);
%!test
%! pruned = gradual_prune_model(model, X, T, 0.5, 'epochs', 20);
%! assert(cellfun(@(layer) nnz(layer.mask), pruned.layers), [10, 5]);
%! assert(nnz(pruned.layers{1}.weights), 10);
%! again = gradual_prune_model(pruned, X, T, 0.6, 'epochs', 2);
%! assert(all(pruned.layers{1}.mask(again.layers{1}.mask)));
%!test
%! pruned = gradual_prune_model(model, X, T, 0.5, 'scope', 'global', 'epochs', 3);
%! assert(sum(cellfun(@(layer) nnz(layer.mask), pruned.layers)), 15);
%!test
%! pruned = gradual_prune_model(model, X, T, [0.9, 0], 'epochs', 0, 'locality', 1);
%! assert(nnz(pruned.layers{1}.mask), 2);
%! assert(all(pruned.layers{2}.mask));
%!test  % a connection that was pruned comes back, and learns out of sight until then
%! line.W = {[1, 0]};
%! line.mask = {logical([1, 0])};
%! grown = gradual_prune_model(line, [0, 0, 1; 1, 2, 1], [3, 6, 3], 0.5, 'regrow', true, ...
%!                             'epochs', 400, 'learning_rate', 0.05, 'initial_sparsity', 0.5);
%! assert(grown.mask{1}, logical([0, 1]));
%! assert(grown.W{1}(2) > 2);
%!error <SPARSITY must have 1 or, by layer, 2 values, got 3> ...
%! gradual_prune_model(model, X, T, [0, 0, 0])
%!error <SPARSITY must be in \[0, 1\], got 2> gradual_prune_model(model, X, T, 2)
%!error <UNTIL must be in \(0, 1\], got 0> gradual_prune_model(model, X, T, 0.5, 'until', 0)
%!error <Invalid call> gradual_prune_model(model, X, T)
