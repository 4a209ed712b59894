% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} retrain_model (@var{model}, @var{X}, @var{y})
% @deftypefnx {} {@var{model} =} retrain_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a model trained further from its present weights, with pruned connections held at zero.
%
% A layer's @code{mask} says which connections exist; without one, those whose weight is not
% zero (unless it has codes: a zero may then be a small weight).  @var{X} is (features x
% samples), @var{y} is (outputs x samples).  Codes and input ranges of an earlier quantization
% no longer fit and are dropped.
%
% The options are those of @code{train_model}: @qcode{"loss"} (by default
% @qcode{"crossentropy"} if the last layer is softmax, else @qcode{"mse"}), @qcode{"solver"},
% @qcode{"epochs"}, @qcode{"batch_size"}, @qcode{"learning_rate"}, @qcode{"annealing"},
% @qcode{"weight_decay"}, @qcode{"dropout"}, @qcode{"augment"}, @qcode{"sample_weight"},
% @qcode{"seed"}, @qcode{"progress"} and @qcode{"callback"}.
%
% @example
% @group
% pruned.W = @{[1, 0; 0, 0]@};
% pruned = retrain_model (pruned, [1, 2; 3, 4], [2, 4; 1, 1]);
% pruned.W@{1@}(1, 2)
%    @result{} 0
% @end group
% @end example
% @seealso{train_model, prune_model}
% @end deftypefn

function model = retrain_model(model, X, y, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'retrain_model';
  options = parse_options(op, training_defaults(struct('loss', [])), varargin);
  layers = model_layers(op, 'MODEL', model);
  [layers, view, options] = retraining(op, layers, X, y, options);
  restore = seed_random(options.seed); %#ok
  model = model_like(model, fit(op, start_run(layers), view, options, no_hooks()).layers);
end

%!shared X, T, model
%! X = [0, 1, 0, 1; 0, 0, 1, 1];
%! T = [0, 1, 1, 0];
%! model = train_model(X, T, [2, 8, 1], 'loss', 'mse', 'epochs', 50);
%!test
%! pruned = prune_model(model, 'sparsity', 0.5);
%! tuned = retrain_model(pruned, X, T, 'epochs', 5);
%! for k = 1:2
%!   assert(all(tuned.layers{k}.weights(~pruned.layers{k}.mask) == 0));
%!   assert(any(tuned.layers{k}.weights(:) ~= pruned.layers{k}.weights(:)));
%! end
%!test
%! shaped.W = {[1, 0; 0.5, 0], [1, 2]};
%! shaped.b = {[0; 0], 0};
%! tuned = retrain_model(shaped, X, T, 'epochs', 3);
%! assert(tuned.W{1}(:, 2), [0; 0]);
%! assert(tuned.W{1}(1, 1) ~= 1);
%! assert(~isfield(tuned, 'layers'));
%!test
%! same = retrain_model(model, X, T, 'epochs', 0);
%! assert(same.layers{1}.weights, model.layers{1}.weights);
%!error <X must have 2 features, got 3> retrain_model(model, ones(3, 1), 1)
%!error <LOSS must be "mse" for a last layer with tanh> ...
%! retrain_model(struct('W', {{1}}, 'activation', {{'tanh'}}), 1, 1, 'loss', 'crossentropy');
