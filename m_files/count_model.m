% -*- texinfo -*-
% @deftypefn {} {@var{counts} =} count_model (@var{model})
% Return how large a model is: parameters, operations and bytes.
%
% @var{counts} has the fields
%
% @table @code
% @item parameters
% Weights and biases.
% @item nonzeros
% Those that are not zero.
% @item macs, macs_nonzero
% Multiplications with addition for one sample, of all weights and of those that are not zero.
% @item flops
% Twice @code{macs}: a multiplication and an addition each.
% @item bytes_dense
% Every weight in the type that it is held in (codes, if there are any), and the biases.
% @item bytes_packed
% Codes packed into their bits, with their scales and zero points or codebooks, and the biases;
% the same as @code{bytes_dense} for a model without codes.
% @item bytes_sparse
% Weights that are not zero, each with its column number, and the ends of the rows (both in the
% smallest whole numbers that fit), and the rest as for @code{bytes_packed}.
% @end table
%
% @example
% @group
% counts = count_model (struct ("W", @{@{[1, 0; 2, 3]@}@}));
% counts.nonzeros
%    @result{} 3
% @end group
% @end example
% @seealso{energy_model}
% @end deftypefn

function counts = count_model(model)
  if nargin ~= 1
    print_usage();
  end
  layers = model_layers('count_model', 'MODEL', model);
  counts = struct('parameters', 0, 'nonzeros', 0, 'macs', 0, 'macs_nonzero', 0, 'flops', 0, ...
                  'bytes_dense', 0, 'bytes_packed', 0, 'bytes_sparse', 0);
  for k = 1:numel(layers)
    counts = add_layer(counts, layers{k});
  end
  counts.flops = 2 * counts.macs;
end

function counts = add_layer(counts, layer)
  [outputs, inputs] = size(layer.weights);
  weights = outputs * inputs;
  kept = nnz(layer.weights);
  bias = numel(layer.bias) * bytes_of(layer.bias);
  counts.parameters = counts.parameters + weights + numel(layer.bias);
  counts.nonzeros = counts.nonzeros + kept + nnz(layer.bias);
  counts.macs = counts.macs + weights;
  counts.macs_nonzero = counts.macs_nonzero + kept;
  if isfield(layer, 'codes')
    held = bytes_of(layer.codes);
    bits = layer.bits;
    switch layer.scheme
      case 'codebook'
        extra = bias + numel(layer.codebook) * bytes_of(layer.codebook);
      case 'affine'
        % Scales are float64; a zero point is a whole number of the codes' width.
        extra = bias + numel(layer.scale) * 8 + numel(layer.zero_point) * held;
      otherwise
        extra = bias + numel(layer.scale) * 8;
    end
  else
    held = bytes_of(layer.weights);
    bits = 8 * held;
    extra = bias;
  end
  index = whole_bytes(inputs - 1);
  ends = whole_bytes(kept) * outputs;
  counts.bytes_dense = counts.bytes_dense + weights * held + extra;
  counts.bytes_packed = counts.bytes_packed + ceil(weights * bits / 8) + extra;
  counts.bytes_sparse = counts.bytes_sparse + ceil(kept * bits / 8) + kept * index + ends + extra;
end

function bytes = bytes_of(value)
  bytes = sizeof(cast(0, class(value)));
end

function bytes = whole_bytes(largest)
  % Bytes of the smallest unsigned type that holds LARGEST.
  bytes = 1;
  while largest >= 256^bytes
    bytes = 2 * bytes;
  end
end

%!test
%! counts = count_model(struct('W', {{[1, 0; 2, 3], [0, 4]}}, 'b', {{[0; 1], 1}}));
%! assert(counts.parameters, 9);
%! assert(counts.nonzeros, 6);
%! assert(counts.macs, 6);
%! assert(counts.macs_nonzero, 4);
%! assert(counts.flops, 12);
%! assert(counts.bytes_dense, 9 * 8);
%! assert(counts.bytes_packed, 9 * 8);
%! assert(counts.bytes_sparse, (4 * 8 + 4 * 1) + 3 * 1 + 3 * 8);
%!test
%! layer = struct('codes', int8([1, 0, -3]), 'scale', 0.5, 'zero_point', 0, ...
%!                'bits', 4, 'scheme', 'symmetric', 'bias', single(0));
%! counts = count_model(struct('layers', {{layer}}));
%! assert(counts.bytes_dense, 3 + 8 + 4);
%! assert(counts.bytes_packed, 2 + 8 + 4);
%! assert(counts.bytes_sparse, 1 + 2 + 1 + 8 + 4);
%!test
%! layer = struct('codes', uint8([2, 0, 1, 1, 1]), 'codebook', single([-1, 0, 2]), ...
%!                'scheme', 'codebook', 'bias', single(0));
%! counts = count_model(struct('layers', {{layer}}));
%! assert(counts.nonzeros, 2);
%! assert(counts.bytes_dense, 5 + 3 * 4 + 4);
%! assert(counts.bytes_packed, 2 + 3 * 4 + 4);
%! assert(counts.bytes_sparse, 1 + 2 + 1 + 3 * 4 + 4);
%!error <Invalid call> count_model()
