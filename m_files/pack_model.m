% -*- texinfo -*-
% @deftypefn  {} {@var{packed} =} pack_model (@var{model})
% @deftypefnx {} {@var{packed} =} pack_model (@dots{}, "coding", @var{coding})
% @deftypefnx {} {@var{packed} =} pack_model (@dots{}, "index_bits", @var{index_bits})
% Return a model as a row of bytes (uint8), entropy-coded, without loss.
%
% Every matrix is coded by its distinct values and which of them each weight has (or as plain
% floats where nearly all differ); positions of nonzeros by a model that knows how many a neuron
% has, what its neighbours in a square image have, and what the neurons before it had.  Small
% networks are coded symbol by symbol, large ones in lanes.
%
% All that a prediction needs is inside: weights, biases, activations, the float class, how
% inputs are rounded, and which layers had a mask.  Nothing is lost but the sign of zeros and the
% names of the schemes that codes came from.  NaN and Inf are refused.
%
% The @var{coding} is @code{"entropy"} (the default) or @code{"huffman"}, which codes weights as
% Deep Compression does, to compare with: their relative index of @var{index_bits} bits (in
% [1, 8], default 5; see @code{relative_index}) and their levels, 256 at most, each in Huffman's
% code.
%
% Packed models are smallest if hidden neurons are sorted by their number of incoming nonzeros,
% falling, and those with equally many by the position of the first.
%
% @example
% @group
% packed = pack_model (model);
% save ("-v7", "model.mat", "packed");
% load ("model.mat");
% model = unpack_model (packed);
% @end group
% @end example
% @seealso{unpack_model, rans_encode, count_huffman_model}
% @end deftypefn

function packed = pack_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'pack_model';
  options = parse_options(op, struct('coding', 'entropy', 'index_bits', 5), varargin);
  layers = model_layers(op, 'MODEL', model);
  check_choice(op, 'CODING', options.coding, {'entropy', 'huffman'});
  index_bits = check_integer(op, 'INDEX_BITS', options.index_bits, '[1, 8]');
  count = numel(layers);
  coded = cell(1, count + 1);
  left = 32768 - count;
  for k = 1:count
    if strcmp(options.coding, 'entropy')
      coded{k} = pack_array(layers{k}.weights, left, layers{k});
    else
      coded{k} = in_huffman(op, k, layers{k}, index_bits);
    end
    left = left - coded{k}.symbols;
  end
  biases = cellfun(@(layer) layer.bias.', layers, 'UniformOutput', false);
  coded{end} = pack_array([biases{:}], left, struct());
  steps = cellfun(@(one) one.steps, coded, 'UniformOutput', false);
  bulk = cellfun(@(one) one.bulk, coded, 'UniformOutput', false);
  stream = range_bytes([header_steps(layers), steps{:}]);
  bulk = [bulk{:}];
  elements = sum(cellfun(@(layer) numel(layer.weights) + numel(layer.bias), layers));
  promised = ceil(max(0, elements - 2^20) / 256);
  bulk = [bulk, zeros(1, max(0, promised - numel(bulk) - numel(stream)), 'uint8')];
  rest = [varint_bytes(numel(bulk)), stream, bulk];
  packed = [uint8('OCZ'), uint8(1), md5_start(rest), rest];
end

function coded = in_huffman(op, number, layer, bits)
  coded = struct('steps', zeros(3, 0), 'bulk', zeros(1, 0, 'uint8'), 'symbols', 0);
  [levels, codes, index] = han_entries(op, number, layer, bits);
  if ~isempty(levels)
    blocks = {huffman_pack(uint8(index)), huffman_pack(uint8(codes))};
    sizes = [numel(index), cellfun(@numel, blocks)];
    coded.steps = [[7; 1; 8], table_steps(levels), whole_steps(sizes, whole_contexts())];
    coded.bulk = [blocks{:}];
  end
end

function steps = header_steps(layers)
  contexts = whole_contexts();
  is_double = isa(layers{1}.weights, 'double');
  [sizes, contexts] = whole_steps([numel(layers) - 1, columns(layers{1}.weights)], contexts);
  steps = [[double(is_double); 1; 2], sizes];
  for k = 1:numel(layers)
    layer = layers{k};
    usual = 2 - (k == numel(layers));
    kind = find(strcmp(layer.activation, {'linear', 'relu', 'sigmoid', 'tanh', 'softmax'}));
    [numbers, contexts] = whole_steps([rows(layer.weights), mod(kind - usual, 5)], contexts);
    has_range = isfield(layer, 'input_scale');
    steps = [steps, numbers, [double(isfield(layer, 'mask')); 1; 2], [double(has_range); 1; 2]];
    if has_range
      ends = double(little_bytes([layer.input_scale, layer.input_zero_point]));
      [bits, contexts] = whole_steps(layer.input_bits, contexts);
      steps = [steps, [ends; ones(1, 16); 256 * ones(1, 16)], bits];
    end
  end
end

%!shared model, packed
%! model.layers = {struct('weights', [0.5, 0, -0.5; 0, 0, 0.25], 'mask', [1, 0, 1; 0, 0, 1]), ...
%!                 struct('weights', single([0.25, -2]), 'bias', 3)};
%! packed = pack_model(model);
%!assert(class(packed), 'uint8')
%!assert(char(packed(1:3)), 'OCZ')
%!assert(pack_model(unpack_model(packed)), packed)
%!test
%! back = unpack_model(packed);
%! assert(back.layers{1}.weights, [0.5, 0, -0.5; 0, 0, 0.25]);
%! assert(back.layers{1}.mask, [0.5, 0, -0.5; 0, 0, 0.25] ~= 0);
%! assert(back.layers{1}.bias, [0; 0]);
%! assert(back.layers{2}.weights, [0.25, -2]);
%! assert(back.layers{2}.bias, 3);
%! assert(back.layers{2}.activation, 'linear');
%!test
%! % Many levels, in lanes; and floats as they are.
%! weights = round(100 * sin(1:4000)) / 64;
%! back = unpack_model(pack_model(struct('W', {{weights, sin(1)}}, 'b', {{1, 2}})));
%! assert(back.layers{1}.weights, weights);
%! assert(back.layers{2}.weights, sin(1));
%!assert(pack_model(model, 'coding', 'huffman')(1:4), uint8([79, 67, 90, 1]))
%!assert(unpack_model(pack_model(model, 'coding', 'huffman')), unpack_model(packed))
%!error <layer 1 of MODEL must have at most 256 levels> ...
%! pack_model(struct('W', 1:257), 'coding', 'huffman')
%!error <CODING must be "entropy" or "huffman"> pack_model(struct('W', 1), 'coding', 'zip')
%!error <INDEX_BITS must be a whole number in \[1, 8\]> ...
%! pack_model(struct('W', 1), 'index_bits', 9)
%!error <layer 1 of MODEL must not contain NaN> pack_model(struct('W', NaN))
%!error <MODEL must be a model> pack_model(1)
%!error <Invalid call> pack_model()
