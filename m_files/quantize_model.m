% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} quantize_model (@var{model})
% @deftypefnx {} {@var{model} =} quantize_model (@dots{}, @var{name}, @var{value}, @dots{})
% Return a model with its weights, and its layers' inputs too if wanted, in whole numbers.
%
% Each layer gets the fields @code{codes}, @code{scale}, @code{zero_point}, @code{bits} and
% @code{scheme}; its @code{weights} become what the codes stand for.  Biases stay floats.  Masks
% stay, and so do zeros.  Options:
%
% @table @asis
% @item @qcode{"bits"}
% Bits a code (8); as in @code{quantize_symmetric} and its sisters.
% @item @qcode{"scheme"}
% @qcode{"symmetric"} (default), @qcode{"affine"} or @qcode{"grid"}, the articles' fixed grid, whose
% codes need one bit more, and still more beyond a magnitude of 1.
% @item @qcode{"axis"}
% 1 for one scale a neuron, 2 for one an input, left out for one a layer.  Not for the grid.
% @item @qcode{"activations"}
% Samples (features x samples).  With them each layer also gets @code{input_scale},
% @code{input_zero_point} and @code{input_bits} from the range of the values that enter it, and
% @code{predict_model} rounds them.
% @end table
%
% @example
% @group
% model = quantize_model (struct ("W", @{@{[0.5, -1]@}@}));
% model.codes@{1@}
%    @result{} 64  -127
% @end group
% @end example
% @seealso{quantize_symmetric, quantize_affine, quantize_grid, predict_model}
% @end deftypefn

function model = quantize_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'quantize_model';
  options = struct('bits', 8, 'scheme', 'symmetric', 'axis', [], 'activations', []);
  options = parse_options(op, options, varargin);
  check_choice(op, 'SCHEME', options.scheme, {'grid', 'symmetric', 'affine'});
  if strcmp(options.scheme, 'grid') && ~isempty(options.axis)
    value_error(op, 'AXIS', 'be left out for the scheme "grid"');
  end
  intervals = struct('grid', '[1, 15]', 'symmetric', '[2, 32]', 'affine', '[1, 32]');
  bits = check_integer(op, 'BITS', options.bits, intervals.(options.scheme));
  layers = model_layers(op, 'MODEL', model);
  a = options.activations;
  if ~isequal(a, [])
    a = check_samples(op, 'ACTIVATIONS', a, columns(layers{1}.weights));
    % In double whatever the weights are: a zero point must not rest on a sum's last bits.
    a = double(a);
  end
  for k = 1:numel(layers)
    layer = quantize_layer(forget_range(forget_codes(layers{k})), bits, options);
    if ~isequal(a, [])
      [~, ~, layer.input_scale, layer.input_zero_point] = ...
        quantize_affine(range_of(a), 'bits', bits);
      layer.input_bits = bits;
      % The ranges of later layers come from unrounded values: no decision rests on another.
      a = activate(double(layer.weights) * a + double(layer.bias), layer.activation);
    end
    layers{k} = layer;
  end
  model = model_like(model, layers);
end

function layer = quantize_layer(layer, bits, options)
  pairs = {'bits', bits};
  if ~isempty(options.axis)
    pairs = {'bits', bits, 'axis', options.axis};
  end
  switch options.scheme
    case 'grid'
      [w, codes, scale, zero_point] = quantize_grid(layer.weights, pairs{:});
      % The grid has a sign beside its 2^bits - 1 steps, and goes on beyond a magnitude of 1.
      bits = max(bits, ceil(log2(double(max([abs(codes(:)); 0])) + 1))) + 1;
    case 'symmetric'
      [w, codes, scale, zero_point] = quantize_symmetric(layer.weights, pairs{:});
    case 'affine'
      [w, codes, scale, zero_point] = quantize_affine(layer.weights, pairs{:});
  end
  layer.weights = w;
  layer.codes = codes;
  layer.scale = scale;
  layer.zero_point = zero_point;
  layer.bits = bits;
  layer.scheme = options.scheme;
end

function range = range_of(a)
  range = [min(a(:)), max(a(:))];
end

%!shared model
%! model.W = {[0.5, -1; 0.25, 2], [1, -3]};
%! model.b = {[0.1; 0], -0.2};
%!test
%! small = quantize_model(model);
%! assert(small.codes{2}, int8([42, -127]));
%! assert(small.scale{2}, 3 / 127);
%! assert(small.W{2}, double(small.codes{2}) * small.scale{2});
%! assert(small.b, model.b);
%!test
%! small = quantize_model(model, 'scheme', 'grid');
%! assert(small.bits, {10, 11});
%! assert(small.W{1}, round(model.W{1} * 255) / 255);
%! assert(class(small.codes{1}), 'int16');
%!test
%! small = quantize_model(model, 'axis', 1, 'bits', 4);
%! assert(small.scale{1}, [1; 2] / 7);
%!test
%! X = [0, 1, 2; 1, -1, 0.5];
%! small = quantize_model(model, 'activations', X);
%! assert(small.input_scale{1}, 3 / 255, eps);
%! assert(small.input_zero_point{1}, 85);
%! assert(predict_model(small, X), predict_model(model, X), 0.1);
%!test
%! shared = struct('codes', uint8([0, 1]), 'codebook', [-1, 1], 'scheme', 'codebook');
%! small = quantize_model(struct('layers', {{shared}}), 'bits', 2);
%! assert(small.layers{1}.codes, int8([-1, 1]));
%! assert(~isfield(small.layers{1}, 'codebook'));
%!error <BITS must be a whole number in \[2, 32\], got 33> quantize_model(model, 'bits', 33)
%!error <BITS must be a whole number in \[2, 32\], got 0> quantize_model(model, 'bits', 0)
%!error <AXIS must be left out for the scheme "grid"> ...
%! quantize_model(model, 'scheme', 'grid', 'axis', 1)
