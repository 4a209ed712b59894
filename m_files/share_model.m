% -*- texinfo -*-
% @deftypefn  {} {@var{model} =} share_model (@var{model}, "k", @var{k})
% @deftypefnx {} {@var{model} =} share_model (@var{model}, "bits", @var{bits})
% @deftypefnx {} {@var{model} =} share_model (@dots{}, "init", @var{init}, "seed", @var{seed})
% Return a model whose weights share a few levels, which k-means finds layer by layer.
%
% Each layer gets the fields @code{codes}, @code{codebook}, @code{bits} and @code{scheme}, and its
% @code{weights} become the levels that the codes stand for.  Biases stay floats; masks stay, and
% so do zeros: where a layer has any, 0 is a level of its own (see @code{kmeans_codebook}, also
% for @var{init} and @var{seed}).
%
% One of @var{k} and @var{bits} says how many levels there are, as one number or one a layer.
% @var{k} levels, in [1, 65536], stand for weights that are not zero; with @var{bits}, in [1, 16],
% the level 0 is counted too, so that no code needs more bits.
%
% @example
% @group
% small = share_model (struct ("W", @{@{[1, 1.5; 0, 7]@}@}), "k", 2);
% small.W@{1@}
%    @result{} 1.2500   1.2500
%            0   7.0000
% @end group
% @end example
% @seealso{kmeans_codebook, quantize_codebook, quantize_model}
% @end deftypefn

function model = share_model(model, varargin)
  if nargin < 1
    print_usage();
  end
  op = 'share_model';
  options = struct('k', [], 'bits', [], 'init', 'linear', 'seed', 0);
  options = parse_options(op, options, varargin);
  unit = check_one_of(op, options, {'k', 'bits'});
  check_choice(op, 'INIT', options.init, {'linear', 'density', 'random'});
  seed = check_integer(op, 'SEED', options.seed, '[0, 4294967295]');
  layers = model_layers(op, 'MODEL', model);
  intervals = struct('k', '[1, 65536]', 'bits', '[1, 16]');
  check = @(value) check_integer(op, upper(unit), value, intervals.(unit));
  amounts = check_per_layer(op, upper(unit), options.(unit), numel(layers), check);
  restore = seed_random(seed); %#ok
  for i = 1:numel(layers)
    layers{i} = share_layer(layers{i}, unit, amounts(i), options.init);
  end
  model = model_like(model, layers);
end

function layer = share_layer(layer, unit, amount, init)
  layer = forget_range(forget_codes(layer));
  k = amount;
  if strcmp(unit, 'bits')
    k = 2^amount - ~all(layer.weights(:));
  end
  layer.codebook = shared_levels(layer.weights, k, init);
  layer.codes = level_codes(layer.weights, layer.codebook);
  layer.bits = bits_for(numel(layer.codebook));
  layer.scheme = 'codebook';
  layer.weights = decode_weights(layer, class(layer.weights));
end

%!shared model
%! model.W = {[1, 1.5; 0, 7], [3, -3.5]};
%! model.b = {[0.1; 0], -0.2};
%!test
%! small = share_model(model, 'k', 2);
%! assert(small.W, {[1.25, 1.25; 0, 7], [3, -3.5]});
%! assert(small.codebook, {[0, 1.25, 7], [-3.5, 3]});
%! assert(small.codes{1}, uint8([1, 1; 0, 2]));
%! assert(small.bits, {2, 1});
%! assert(small.b, model.b);
%! assert(predict_model(small, [1; 1]), predict_model(rmfield(small, 'W'), [1; 1]));
%!test
%! small = share_model(model, 'bits', 1);
%! assert(small.bits, {1, 1});
%! assert(small.W{1}, [9.5, 9.5; 0, 9.5] / 3, eps);
%!test
%! small = share_model(model, 'k', [3, 1], 'init', 'density');
%! assert(small.W, {model.W{1}, [-0.25, -0.25]});
%!test
%! layer = struct('weights', single([1, 2, 3]), 'mask', [1, 0, 1], 'input_scale', 1, ...
%!                'input_zero_point', 0, 'input_bits', 8);
%! small = share_model(quantize_model(struct('layers', layer)), 'k', 1, 'init', 'random');
%! assert(small.layers{1}.weights, single([2, 0, 2]), 0.05);
%! assert(class(small.layers{1}.codebook), 'single');
%! assert(~any(isfield(small.layers{1}, {'scale', 'zero_point', 'input_scale'})));
%!error <one of K and BITS must be given, got 0> share_model(model)
%!error <one of K and BITS must be given, got 2> share_model(model, 'k', 2, 'bits', 2)
%!error <K must have 1 or, by layer, 2 values, got 3> share_model(model, 'k', [1, 2, 3])
%!error <BITS must be a whole number in \[1, 16\], got 17> share_model(model, 'bits', [1, 17])
%!error <INIT must be "linear", "density" or "random", got "x"> ...
%! share_model(model, 'k', 1, 'init', 'x')
%!error <Invalid call> share_model()
