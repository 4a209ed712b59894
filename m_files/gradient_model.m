% -*- texinfo -*-
% @deftypefn  {} {[@var{value}, @var{gradient}] =} gradient_model (@var{model}, @var{X}, @var{y})
% @deftypefnx {} {[@var{value}, @var{gradient}] =} @
% gradient_model (@dots{}, "loss", @var{loss}, "sample_weight", @var{sample_weight})
% Return a model's loss on samples, and its derivative for every weight and bias.
%
% @var{gradient} has the shape of @var{model} with derivatives in place of weights and biases.
% @var{loss} is @qcode{"crossentropy"} or @qcode{"mse"}; by default the first if the last layer is
% softmax.  @var{sample_weight} has one non-negative number a sample, used as it is.
%
% @example
% @group
% [value, gradient] = gradient_model (struct ("W", @{@{2@}@}), 3, 5);
% value, gradient.W@{1@}
%    @result{} 1
%    @result{} 6
% @end group
% @end example
% @seealso{train_model, dense_backward}
% @end deftypefn

function [value, gradient] = gradient_model(model, X, y, varargin)
  if nargin < 3
    print_usage();
  end
  op = 'gradient_model';
  options = parse_options(op, struct('loss', [], 'sample_weight', []), varargin);
  layers = model_layers(op, 'MODEL', model);
  type = class(layers{1}.weights);
  X = check_samples(op, 'X', X, columns(layers{1}.weights), type);
  y = check_targets(op, 'Y', y, rows(layers{end}.weights), columns(X), type);
  loss = check_loss(op, options.loss, layers{end}.activation);
  weight = check_sample_weight(op, options.sample_weight, y);
  objective = objective_for(loss, layers{end}.activation);
  [value, dw, db] = backprop(layers, X, @(z, a) objective(z, a, y, weight));
  for k = 1:numel(layers)
    layers{k} = struct('type', 'dense', 'weights', dw{k}, 'bias', db{k}, ...
                       'activation', layers{k}.activation);
  end
  gradient = model_like(model, layers);
end

%!test
%! model = struct('W', {{[1, -2; 0.5, 1], [1, 2]}}, 'b', {{[0.1; 0.2], 0.3}});
%! X = [1, 2, -1; 0.5, 1, 3];
%! [value, gradient] = gradient_model(model, X, [1, 0, 2]);
%! h = 1e-6;
%! moved = model;
%! moved.W{1}(2, 1) = moved.W{1}(2, 1) + h;
%! assert((gradient_model(moved, X, [1, 0, 2]) - value) / h, gradient.W{1}(2, 1), 1e-4);
%!test
%! [value, gradient] = gradient_model(struct('W', {{2}}), 3, 5);
%! assert(value, 1);
%! assert(gradient.W{1}, 6);
%!error <Y must have 1 outputs and 1 samples, got 1 and 2> ...
%! gradient_model(struct('W', {{2}}), 3, [5, 5])
