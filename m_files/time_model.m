% -*- texinfo -*-
% @deftypefn  {} {@var{seconds} =} time_model (@var{model}, @var{X})
% @deftypefnx {} {@var{seconds} =} time_model (@var{model}, @var{X}, "repeats", @var{repeats})
% Return the seconds that each of several predictions of the samples @var{X} took.
%
% @var{X} is (features x samples).  One prediction that is not counted goes first.
% @var{repeats} is 30 by default; the result is a row.  Quote its median with its spread.
%
% @example
% @group
% seconds = time_model (struct ("W", @{@{rand(10, 20)@}@}), rand (20, 5));
% size (seconds)
%    @result{} 1   30
% @end group
% @end example
% @seealso{predict_model}
% @end deftypefn

function seconds = time_model(model, X, varargin)
  if nargin < 2
    print_usage();
  end
  op = 'time_model';
  options = parse_options(op, struct('repeats', 30), varargin);
  repeats = check_integer(op, 'REPEATS', options.repeats, '[1, Inf)');
  layers = model_layers(op, 'MODEL', model);
  X = check_samples(op, 'X', X, columns(layers{1}.weights), class(layers{1}.weights));
  forward(layers, X);
  seconds = zeros(1, repeats);
  for k = 1:repeats
    start = tic();
    forward(layers, X);
    seconds(k) = toc(start);
  end
end

%!test
%! seconds = time_model(struct('W', {{ones(2, 3)}}), ones(3, 4), 'repeats', 5);
%! assert(size(seconds), [1, 5]);
%! assert(all(seconds > 0));
%!error <REPEATS must be a whole number in \[1, Inf\), got 0> ...
%! time_model(struct('W', {{1}}), 1, 'repeats', 0)
