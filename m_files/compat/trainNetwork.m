% -*- texinfo -*-
% @deftypefn {} {@var{model} =} trainNetwork (@var{X}, @var{Y}, @var{layers}, @
% @var{solver}, @var{loss}, @var{epochs})
% Return a dense network trained on samples, under the edge article's name for it.
%
% @var{X} is (features x samples): @code{rand (10, 1)} is one sample of ten features.  @var{Y} is
% (outputs x samples), and @var{layers} holds the sizes from the input to the output.
% @var{solver} is @qcode{"adam"} or @qcode{"sgd"}, @var{loss} is @qcode{"mse"} (the last layer is
% linear) or @qcode{"crossentropy"} (it is softmax); hidden layers are relu.  All six arguments are
% required; @code{train_model} does the work and has more.
%
% @var{model} has the fields
%
% @table @code
% @item W, b, activation
% Cells with one weight matrix (out x in), one bias (a column) and one name a layer.
% @item trainOutput
% What the trained network makes of @var{X}, (outputs x samples).
% @end table
%
% As the articles expect, every call begins with other random weights.  Their seed is one
% @code{randi} of your own generator: after @code{rand ("twister", 1)} a script gives the same
% networks again.
%
% @example
% @group
% model = trainNetwork (rand (10, 1), rand (1, 1), [10, 5, 1], "adam", "mse", 100);
% size (model.W@{2@})
%    @result{} 1   5
% @end group
% @end example
% @seealso{train_model, predict_model, retrain_model}
% @end deftypefn

function model = trainNetwork(X, Y, layers, solver, loss, epochs)
  if nargin ~= 6
    print_usage();
  end
  seed = randi([0, 2^32 - 1]);
  trained = train_model(X, Y, layers, 'solver', solver, 'loss', loss, 'epochs', epochs, ...
                        'seed', seed);
  model = struct();
  model.W = cellfun(@(layer) layer.weights, trained.layers, 'UniformOutput', false);
  model.b = cellfun(@(layer) layer.bias, trained.layers, 'UniformOutput', false);
  model.activation = cellfun(@(layer) layer.activation, trained.layers, 'UniformOutput', false);
  model.trainOutput = predict_model(trained, X);
end

%!test  % one sample, as in the article
%! model = trainNetwork(rand(10, 1), rand(1, 1), [10, 5, 1], 'adam', 'mse', 100);
%! assert(cellfun(@rows, model.W), [5, 1]);
%! assert(cellfun(@columns, model.W), [10, 5]);
%! assert(cellfun(@rows, model.b), [5, 1]);
%! assert(model.activation, {'relu', 'linear'});
%! assert(size(model.trainOutput), [1, 1]);
%!test
%! X = [0, 1, 0, 1; 0, 0, 1, 1];
%! model = trainNetwork(X, [1, 0, 0, 0; 0, 1, 1, 1], [2, 4, 2], 'sgd', 'crossentropy', 5);
%! assert(model.activation{2}, 'softmax');
%! assert(sum(model.trainOutput), ones(1, 4), 4 * eps);
%! assert(model.trainOutput, predict_model(model, X));
%!test  % other weights with every call, the same ones after the same seed
%! call = @() trainNetwork([1, 2], [2, 4], [1, 1], 'adam', 'mse', 1).W{1};
%! rand('twister', 5);
%! first = call();
%! assert(call() ~= first);
%! rand('twister', 5);
%! assert(call(), first);
%!test
%! rand('twister', 5);
%! seed = randi([0, 2^32 - 1]);
%! known = train_model([1, 2], [2, 4], [1, 3, 1], 'loss', 'mse', 'epochs', 2, 'seed', seed);
%! rand('twister', 5);
%! model = trainNetwork([1, 2], [2, 4], [1, 3, 1], 'adam', 'mse', 2);
%! assert(model.W{1}, known.layers{1}.weights);
%!error <SOLVER must be "adam" or "sgd", got "lbfgs"> trainNetwork(1, 1, [1, 1], 'lbfgs', 'mse', 1)
%!error <Y must have 1 outputs and 2 samples> trainNetwork([1, 2], 1, [1, 1], 'adam', 'mse', 1)
%!error <Invalid call> trainNetwork(1, 1, [1, 1])
