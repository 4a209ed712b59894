% -*- texinfo -*-
% @deftypefn  {} {@var{sizes} =} count_huffman_model (@var{model})
% @deftypefnx {} {@var{sizes} =} count_huffman_model (@dots{}, "index_bits", @var{index_bits})
% Return how many bits Deep Compression's own count gives to a model's weights.
%
% It counts the weights, their relative index of @var{index_bits} bits (in [1, 8], default 5)
% and the codebook (32 bits a level), and neither biases nor the lengths of the codes, which a
% file needs: see @code{pack_model (@dots{}, "coding", "huffman")}.  @var{sizes} has a row for
% each layer: entries (nonzeros and fillers); bits of the weights and of the index before
% Huffman's code; bits of both in it; bits of the codebook.  Layers may have 256 levels at most.
%
% @example
% @group
% count_huffman_model (struct ("W", [0.5, 0, -0.5, 0.5]), "index_bits", 2)
%    @result{} 3  3  6  3  3  64
% @end group
% @end example
% @seealso{pack_model, relative_index}
% @end deftypefn

function sizes = count_huffman_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'count_huffman_model';
  options = parse_options(op, struct('index_bits', 5), varargin);
  layers = model_layers(op, 'MODEL', model);
  bits = check_integer(op, 'INDEX_BITS', options.index_bits, '[1, 8]');
  sizes = zeros(numel(layers), 6);
  for k = 1:numel(layers)
    [levels, codes, index] = han_entries(op, k, layers{k}, bits);
    kinds = max(numel(unique(codes)), 1);
    sizes(k, :) = [numel(codes) * [1, bits_for(kinds), bits], huffman_bits(codes), ...
                   huffman_bits(index), 32 * sum(levels ~= 0)];
  end
end

function bits = huffman_bits(symbols)
  bits = 0;
  if ~isempty(symbols)
    counts = accumarray(symbols(:) + 1, 1).';
    bits = sum(counts .* code_lengths(counts));
  end
end

%!assert(count_huffman_model(struct('W', [0.5, 0, -0.5, 0.5]), 'index_bits', 2), ...
%!       [3, 3, 6, 3, 3, 64])
%!assert(count_huffman_model(struct('W', zeros(2))), [0, 0, 0, 0, 0, 0])
%!error <layer 1 of MODEL must have at most 256 levels> count_huffman_model(struct('W', 1:257))
%!error <Invalid call> count_huffman_model()
