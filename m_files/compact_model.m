% -*- texinfo -*-
% @deftypefn {} {@var{model} =} compact_model (@var{model})
% Return the same network without its dead neurons, and with the others in order.
%
% A hidden neuron without outgoing weights goes; so does one without incoming weights, and the
% constant that it sends on moves into the biases of the next layer.  Since that may leave others
% dead, it is repeated until nothing changes.  At least one neuron stays in each layer, and all do
% in hidden layers with softmax.  Then the neurons of each hidden layer are put in order of their
% number of incoming weights that are not zero, most first, and those with equally many in order
% of the first of these, which makes packed files smaller.
%
% What the network answers is the same but for rounding: sums are added in another order.  Masks,
% codes and input ranges stay.
%
% @example
% @group
% small = compact_model (struct ("W", @{@{[0, 0; 1, 2], [3, 1]@}@}, "b", @{@{[2; 0], 0@}@}));
% small.W, small.b
%    @result{} @{[1, 2], 1@}, @{0, 6@}
% @end group
% @end example
% @seealso{prune_model, share_model}
% @end deftypefn

function model = compact_model(model)
  if nargin ~= 1
    print_usage();
  end
  layers = model_layers('compact_model', 'MODEL', model);
  changed = true;
  while changed
    changed = false;
    for k = 1:numel(layers) - 1
      incoming = any(layers{k}.weights, 2);
      outgoing = any(layers{k + 1}.weights, 1).';
      alive = incoming & outgoing;
      if ~any(alive)
        alive(1) = true;
      end
      if all(alive) || strcmp(layers{k}.activation, 'softmax')
        continue
      end
      constant = find(~alive & outgoing);
      layers{k + 1} = fold_neurons(layers{k}, layers{k + 1}, constant);
      [layers{k}, layers{k + 1}] = select_neurons(layers{k}, layers{k + 1}, find(alive));
      changed = true;
    end
  end
  for k = 1:numel(layers) - 1
    is_zero = layers{k}.weights == 0;
    [~, order] = sortrows([sum(is_zero, 2), sum(cumprod(is_zero, 2), 2)]);
    [layers{k}, layers{k + 1}] = select_neurons(layers{k}, layers{k + 1}, order);
  end
  model = model_like(model, layers);
end

%!test
%! model.W = {[0, 0; 1, 2; 0, 3; 4, 5], [1, 1, 1, 0; 2, 1, 3, 0]};
%! model.b = {[2; 0; -1; 9], [10; 20]};
%! small = compact_model(model);
%! assert(small.W, {[1, 2; 0, 3], [1, 1; 1, 3]});
%! assert(small.b, {[0; -1], [12; 24]});
%! X = [1, -1, 0.3; 0.5, 2, 0];
%! assert(predict_model(small, X), predict_model(model, X), 4 * eps);
%!test
%! % The first layer's second neuron feeds one neuron alone, which leads nowhere.
%! model.W = {eye(2), [1, 0; 0, 1], [1, 0]};
%! small = compact_model(model);
%! assert(small.W, {[1, 0], 1, 1});
%!test
%! % Equally many weights: by the position of the first.
%! model.W = {[0, 0, 5; 0, 4, 1; 3, 0, 0; 0, 2, 0], ones(1, 4)};
%! small = compact_model(model);
%! assert(small.W{1}, [0, 4, 1; 3, 0, 0; 0, 2, 0; 0, 0, 5]);
%!test
%! % A layer that is dead altogether keeps one neuron.
%! small = compact_model(struct('W', {{zeros(3, 2), ones(1, 3)}}, 'b', {{[1; 2; 3], 0}}));
%! assert(size(small.W{1}), [1, 2]);
%! assert(predict_model(small, [0; 0]), 6);
%!test
%! layer = struct('weights', [0, 0; 1, 2; 3, 4], 'mask', [0, 0; 1, 1; 1, 1], 'bias', [1; 2; 3]);
%! last = struct('weights', [1, 2, 4]);
%! small = share_model(struct('layers', {{layer, last}}), 'k', 4);
%! small = compact_model(small);
%! assert(small.layers{1}.codes, uint8([1, 2; 3, 4]));
%! assert(small.layers{1}.mask, true(2, 2));
%! assert(small.layers{2}.codes, uint8([1, 2]));
%! assert(small.layers{2}.bias, 1);
%! small = quantize_model(struct('layers', {{layer, last}}), 'axis', 1, 'activations', eye(2));
%! assert(compact_model(small).layers{1}.scale, small.layers{1}.scale(2:3));
%! assert(predict_model(compact_model(small), eye(2)), predict_model(small, eye(2)), 8 * eps);
%!test
%! layer = struct('weights', [0, 0; 1, 2], 'activation', 'softmax');
%! same = compact_model(struct('layers', {{layer, struct('weights', [1, 2])}}));
%! assert(same.layers{1}.weights, [1, 2; 0, 0]);
%! assert(same.layers{2}.weights, [2, 1]);
%!error <MODEL must be a model> compact_model(3)
%!error <Invalid call> compact_model()
